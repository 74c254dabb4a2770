import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import * as ts from 'typescript';

const ROOT = join(__dirname, '..');

/** The parts of each run time. A part imports those before it; what stands at the root composes them. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  src: ['private', 'network', 'function', 'access', 'database', 'rotation', 'user', 'proxy', ''],
  lambda: [
    'ports',
    'credential',
    'runtime',
    'admin',
    'secrets-manager',
    'postgres/template',
    'postgres',
    'postgres/sql',
    'postgres/session',
    'rotation/state',
    'rotation/strategies',
    'rotation/steps',
    'rotation',
    'revocation',
    'database-user',
    'first-rotation',
    '',
  ],
  'client/src': ['shared', 'telemetry', 'secret', 'login', 'pool', 'stream', ''],
};
const MOST_LINES_OF_A_CONSTRUCTOR = 40;

const filesOf = (runTime: string) =>
  readdirSync(join(ROOT, runTime), { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));

describe.each(Object.keys(PARTS))('%s', runTime => {
  const files = filesOf(runTime);
  const sources = new Map(files.map(file => [file, parse(join(ROOT, runTime, file))]));

  /** The files of this run time that a file imports, types too. */
  const importsOf = (file: string) =>
    ts
      .preProcessFile(sources.get(file)!.text)
      .importedFiles.map(({ fileName }) => fileName)
      .filter(name => name.startsWith('.'))
      .map(name => `${relative(join(ROOT, runTime), resolve(ROOT, runTime, dirname(file), name))}.ts`)
      .filter(imported => sources.has(imported));

  test('a part imports only parts before it', () => {
    const rank = (file: string) => {
      if (file === 'contract.ts') return -1; // every part of src/ may import it
      return PARTS[runTime].indexOf(dirname(file) === '.' ? '' : dirname(file));
    };
    const unknown = files.filter(file => file !== 'contract.ts' && rank(file) < 0);
    expect(unknown).toEqual([]);
    const imports = files.flatMap(file => importsOf(file).map(imported => [file, imported]));
    expect(imports.length).toBeGreaterThan(files.length); // they are found
    expect(imports.filter(([file, imported]) => rank(imported) > rank(file))).toEqual([]);
  });

  test('no import leads back to the file it is in', () => {
    const reachable = (file: string) => {
      const reached = new Set<string>();
      const open = [file];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        const more = importsOf(next).filter(imported => !reached.has(imported));
        for (const imported of more) reached.add(imported);
        open.push(...more);
      }
      return reached;
    };
    expect(files.filter(file => reachable(file).has(file))).toEqual([]);
  });

  test('no two files have one name', () => {
    const names = files.map(file => basename(file));
    expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
  });

  test('a constructor reads as a table of contents', () => {
    const long = files.flatMap(file =>
      constructorsOf(sources.get(file)!)
        .filter(lines => lines > MOST_LINES_OF_A_CONSTRUCTOR)
        .map(lines => `${file}: ${lines} lines`),
    );
    expect(long).toEqual([]);
  });
});

test('the root of lambda/ holds the entry points, and nothing else does', () => {
  const files = filesOf('lambda');
  const atRoot = files.filter(file => dirname(file) === '.');
  expect(atRoot).not.toEqual([]);
  expect(files.filter(file => file.endsWith('.lambda.ts')).sort()).toEqual(atRoot.sort());
});

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

/** How many lines each constructor has. */
function constructorsOf(source: ts.SourceFile): number[] {
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const found: number[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isConstructorDeclaration(node)) found.push(lineOf(node.end) - lineOf(node.getStart()) + 1);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
