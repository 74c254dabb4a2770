import { createHash } from 'node:crypto';
import type { Mutant } from './mutant';

/**
 * So many of the mutants: of each file its share, and at least one. The same seed draws the same ones; a change of one
 * file leaves the draw in the others as it is, but for their share.
 */
export function sample(mutants: readonly Mutant[], size: number, seed: number): Mutant[] {
  if (size >= mutants.length) return [...mutants];
  const files = [...new Set(mutants.map(({ file }) => file))].map(name =>
    shuffled(
      mutants.filter(({ file }) => file === name),
      seed,
    ),
  );
  const shares = files.map(({ length }) => (length / mutants.length) * size);
  const counts = shares.map(share => Math.max(1, Math.floor(share)));
  const byRemainder = shares.map((share, index) => ({ index, remainder: share - counts[index] }));
  byRemainder.sort((a, b) => b.remainder - a.remainder);
  for (const { index } of byRemainder) {
    if (counts.reduce((sum, count) => sum + count) >= size) break;
    counts[index] += 1;
  }
  return files.flatMap((ofFile, index) => ofFile.slice(0, counts[index]));
}

function shuffled(mutants: readonly Mutant[], seed: number): Mutant[] {
  const rank = ({ file, context, mutator, original, replacement }: Mutant, index: number) =>
    createHash('sha256')
      .update(JSON.stringify([seed, file, context, mutator, original, replacement, index]))
      .digest('hex');
  return mutants
    .map((mutant, index) => ({ mutant, rank: rank(mutant, index) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ mutant }) => mutant);
}
