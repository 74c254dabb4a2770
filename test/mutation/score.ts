import { oneLine, type Result, type Status } from './mutant';

export type Counts = Readonly<Record<Status, number>>;

/** How many there are of each. */
export function count(results: readonly Result[]): Counts {
  const of = (status: Status) => results.filter(result => result.status === status).length;
  return {
    killed: of('killed'),
    timeout: of('timeout'),
    survived: of('survived'),
    'not covered': of('not covered'),
    equivalent: of('equivalent'),
  };
}

/** What is killed, in percent of what can be; a hundred where there is nothing to kill. */
export function score({ killed, timeout, survived, 'not covered': notCovered }: Counts): number {
  const valid = killed + timeout + survived + notCovered;
  return valid === 0 ? 100 : ((killed + timeout) / valid) * 100;
}

/** A line per file, the worst first, and the sum. */
export function table(results: readonly Result[]): string {
  const files = [...new Set(results.map(({ mutant }) => mutant.file))];
  const rows = files
    .map(file => ({ file, counts: count(results.filter(({ mutant }) => mutant.file === file)) }))
    .sort((a, b) => score(a.counts) - score(b.counts) || (a.file < b.file ? -1 : 1));
  const head = ['score', 'killed', 'timeout', 'survived', 'uncovered', 'equivalent'].map(title => title.padStart(10));
  const row = (counts: Counts, name: string) =>
    [`${score(counts).toFixed(1)} %`, ...Object.values(counts)].map(cell => String(cell).padStart(10)).join('') +
    `  ${name}`;
  return [head.join(''), ...rows.map(({ file, counts }) => row(counts, file)), row(count(results), 'all')].join('\n');
}

/** Where a mutant is and what it changes. */
export function describeResult({ mutant, status, killer, left = 0 }: Result): string {
  const { file, line, mutator, original, replacement, context } = mutant;
  const by = killer === undefined ? '' : `\n    by ${killer}`;
  const more = left > 0 ? `\n    ${left} more test files reach it` : '';
  return (
    `${status}: ${file}:${line} (${mutator})\n    in ${context}` +
    `\n    -  ${shortened(original)}\n    +  ${shortened(replacement)}${by}${more}`
  );
}

function shortened(text: string): string {
  const line = oneLine(text);
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
