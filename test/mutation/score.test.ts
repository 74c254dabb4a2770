import { batches, covering, type TestFile } from './coverage';
import { equivalentOf } from './equivalent';
import { type Mutant, type Result, type Status } from './mutant';
import { count, describeResult, score, table } from './score';

const mutant: Mutant = {
  id: '1',
  file: 'lambda/rotation/steps/create-secret.ts',
  line: 7,
  context: 'if (isDue) return;',
  mutator: 'ConditionalExpression',
  original: 'isDue',
  replacement: 'false',
};
const results = (file: string, ...statuses: Status[]): Result[] =>
  statuses.map(status => ({ mutant: { ...mutant, file }, status }));

test('the score counts a timeout as killed, what no test reaches as alive, and leaves equivalents out', () => {
  expect(score(count(results('a', 'killed', 'timeout', 'survived', 'not covered', 'equivalent')))).toBe(50);
  expect(score(count(results('a', 'equivalent')))).toBe(100);
});

test('the table begins with the worst file and ends with the sum', () => {
  const lines = table([...results('good', 'killed'), ...results('bad', 'survived')]).split('\n');
  expect(lines.slice(1).map(line => line.trim().split(/\s{2,}/))).toEqual([
    ['0.0 %', '0', '0', '1', '0', '0', 'bad'],
    ['100.0 %', '1', '0', '0', '0', '0', 'good'],
    ['50.0 %', '1', '0', '1', '0', '0', 'all'],
  ]);
});

test('a survivor says where it is and what it changes', () => {
  expect(describeResult({ mutant, status: 'survived', left: 2 })).toBe(
    [
      'survived: lambda/rotation/steps/create-secret.ts:7 (ConditionalExpression)',
      '    in if (isDue) return;',
      '    -  isDue',
      '    +  false',
      '    2 more test files reach it',
    ].join('\n'),
  );
});

test('an equivalent is known by its file, its line if given, and both texts, whatever the white space', () => {
  const entry = { file: mutant.file, original: ' isDue\n', replacement: 'false', reason: 'none' };
  expect(equivalentOf(mutant, [entry])).toBe(entry);
  expect(equivalentOf(mutant, [{ ...entry, original: 'isD…' }])).toBeDefined();
  expect(equivalentOf(mutant, [{ ...entry, context: mutant.context }])).toBeDefined();
  for (const other of [{ file: 'x' }, { original: 'isD' }, { replacement: 'true' }, { context: 'if (isDue) {' }]) {
    expect(equivalentOf(mutant, [{ ...entry, ...other }])).toBeUndefined();
  }
});

const file = (path: string, seconds: number, ...reaches: string[]): TestFile => ({
  path,
  seconds,
  reaches: new Set(reaches),
});

test('the tests of the same folder come first, then the fast ones; what does not reach the mutant does not run', () => {
  const files = [
    file('test/lambda/revocation/slow.test.ts', 9, '1'),
    file('test/lambda/revocation/fast.test.ts', 2, '1'),
    file('test/lambda/rotation/other.test.ts', 3, '2'),
    file('test/lambda/rotation/steps/steps.test.ts', 20, '1'),
  ];
  expect(covering(mutant, files).map(({ path }) => path)).toEqual([
    'test/lambda/rotation/steps/steps.test.ts',
    'test/lambda/revocation/fast.test.ts',
    'test/lambda/revocation/slow.test.ts',
  ]);
});

test('the first file runs alone, the others together while the effort lasts', () => {
  const files = [file('a', 5), file('b', 3), file('c', 10), file('d', 2)];
  expect(batches(files, 10).map(batch => batch.map(({ path }) => path))).toEqual([['a'], ['b', 'd']]);
  expect(batches(files, 1).map(batch => batch.map(({ path }) => path))).toEqual([['a']]);
});
