import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { preProcessFile } from 'typescript';

const ROOT = join(__dirname, '..');
/** What runs at deploy time, in AWS Lambda, and in the consumer's service. */
const RUN_TIMES = ['src', 'lambda', 'client/src'];

const sources = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => join(folder, file));

/** The files of ours that a file imports, types too. */
function imports(file: string): string[] {
  return preProcessFile(readFileSync(join(ROOT, file), 'utf8'))
    .importedFiles.map(({ fileName }) => fileName)
    .filter(name => name.startsWith('.'))
    .map(name => relative(ROOT, resolve(ROOT, dirname(file), name)))
    .map(path => [`${path}.ts`, join(path, 'index.ts')].find(candidate => all.has(candidate)))
    .filter(found => found !== undefined);
}

/** The first cycle below a file, as the path that leads around it. */
function cycle(file: string, path: string[], done: Set<string>): string[] | undefined {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  if (done.has(file)) return undefined;
  for (const imported of imports(file)) {
    const found = cycle(imported, [...path, file], done);
    if (found) return found;
  }
  done.add(file);
  return undefined;
}

const all = new Set(RUN_TIMES.flatMap(sources));

test('no file imports itself by way of others', () => {
  expect(all.size).toBeGreaterThan(100); // the files are found
  expect(imports('src/index.ts').length).toBeGreaterThan(10); // and what they import
  const done = new Set<string>();
  for (const file of all) expect(cycle(file, [], done)).toBeUndefined();
});

test('the root of lambda/ holds the entry points, and nothing else does', () => {
  const isEntryPoint = (file: string) => file.endsWith('.lambda.ts');
  const atRoot = sources('lambda').filter(file => dirname(file) === 'lambda');
  expect(atRoot).not.toEqual([]);
  expect(sources('lambda').filter(isEntryPoint).sort()).toEqual(atRoot.sort());
});

test.each(RUN_TIMES)('no two files below %s have one name', folder => {
  const names = sources(folder).map(file => basename(file));
  expect(names.filter((name, index) => names.indexOf(name) < index)).toEqual([]);
});
