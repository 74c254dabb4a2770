import type { Mutant } from './mutant';
import { sample } from './sampling';

const mutants = (file: string, count: number): Mutant[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${file}${index}`,
    file,
    line: index + 1,
    context: `line ${index}`,
    mutator: 'BooleanLiteral',
    original: 'true',
    replacement: 'false',
  }));
const ALL = [...mutants('large', 70), ...mutants('small', 29), ...mutants('tiny', 1)];
const ids = (drawn: readonly Mutant[]) => drawn.map(({ id }) => id);
const countOf = (drawn: readonly Mutant[], name: string) => drawn.filter(({ file }) => file === name).length;

test('every file has its share, and the smallest has one', () => {
  const drawn = sample(ALL, 20, 1);
  expect(['large', 'small', 'tiny'].map(file => countOf(drawn, file))).toEqual([14, 5, 1]);
  expect(new Set(ids(drawn)).size).toBe(20);
});

test('a seed draws the same again, another one others', () => {
  expect(ids(sample(ALL, 20, 1))).toEqual(ids(sample(ALL, 20, 1)));
  expect(ids(sample(ALL, 20, 2))).not.toEqual(ids(sample(ALL, 20, 1)));
});

test('a mutant more in one file leaves the draw in the others', () => {
  const of = (drawn: readonly Mutant[], name: string) => ids(drawn.filter(({ file }) => file === name));
  const more = [...ALL, ...mutants('tiny', 2).slice(1)];
  expect(of(sample(more, 20, 1), 'small')).toEqual(of(sample(ALL, 20, 1), 'small'));
});

test('all, where there are no more', () => {
  expect(sample(ALL, 100, 1)).toEqual(ALL);
});
