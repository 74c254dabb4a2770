import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import * as ts from 'typescript';

const SRC = join(__dirname, '../../src');

/** The parts, each of which may import those before it; the root of `src/` composes them. */
const PARTS = ['private', 'network', 'function', 'access', 'database', 'rotation', 'user', 'proxy', 'root'];
const MOST_LINES_OF_A_CONSTRUCTOR = 40;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
const sources = new Map(
  files.map(file => [
    file,
    ts.createSourceFile(file, readFileSync(join(SRC, file), 'utf8'), ts.ScriptTarget.Latest, true),
  ]),
);

/** The part that a file belongs to; the contract is none, for every part may import it. */
function partOf(file: string): string | undefined {
  if (file === 'contract.ts') return undefined;
  return dirname(file) === '.' ? 'root' : dirname(file);
}

/** Files of `src/` that a file imports. */
function importsOf(file: string): string[] {
  return sources
    .get(file)!
    .statements.filter(statement => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
    .map(({ moduleSpecifier }) => moduleSpecifier)
    .filter(specifier => specifier !== undefined && ts.isStringLiteral(specifier))
    .filter(({ text }) => text.startsWith('.'))
    .map(({ text }) => relative(SRC, resolve(SRC, dirname(file), `${text}.ts`)));
}

test('a part imports only parts below it', () => {
  expect(PARTS).toEqual(expect.arrayContaining([...new Set(files.map(partOf))].filter(part => part !== undefined)));
  const climbing = files.flatMap(file =>
    importsOf(file)
      .filter(imported => rank(imported) > rank(file))
      .map(imported => `${file} imports ${imported}`),
  );
  expect(climbing).toEqual([]);

  function rank(file: string): number {
    const part = partOf(file);
    return part === undefined ? -1 : PARTS.indexOf(part);
  }
});

test('no file imports itself by way of others', () => {
  const cycles = files.filter(file => {
    const reached = new Set<string>();
    const visit = (from: string) => {
      for (const imported of importsOf(from)) {
        if (reached.has(imported)) continue;
        reached.add(imported);
        visit(imported);
      }
    };
    visit(file);
    return reached.has(file);
  });
  expect(cycles).toEqual([]);
});

test('no two files have one name', () => {
  const names = files.map(file => basename(file));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('a constructor reads as a table of contents', () => {
  const long = [...sources].flatMap(([file, source]) => {
    const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
    const found: string[] = [];
    const visit = (node: ts.Node) => {
      if (ts.isConstructorDeclaration(node)) {
        const lines = lineOf(node.end) - lineOf(node.getStart()) + 1;
        if (lines > MOST_LINES_OF_A_CONSTRUCTOR) found.push(`${file}: ${lines} lines`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
  expect(long).toEqual([]);
});
