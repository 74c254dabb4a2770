/**
 * Changes the sources that decide about security and state, one place at a time, and sees whether a test fails:
 * docs/testing.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dryRun } from './coverage';
import { evaluate } from './evaluate';
import { NO_TESTS } from './files';
import type { Result } from './mutant';
import { sample } from './sampling';
import { createSandbox } from './sandbox';
import { count, describeResult, score, table } from './score';
import { startPostgres } from '../local/postgres';

/** Times are seconds: `effort` of tests for each mutant, `again` of tests for each that survives those. */
const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    threshold: { type: 'string', default: '85' },
    workers: { type: 'string', default: '2' },
    effort: { type: 'string', default: '30' },
    again: { type: 'string', default: '0' },
    files: { type: 'string', default: '' },
    tests: { type: 'string', default: '' },
  },
});
const REPORTS = join(__dirname, '..', '..', 'test-reports', 'mutation');

void main();

async function main(): Promise<void> {
  const workers = Number(values.workers);
  const began = Date.now();
  const note = (text: string) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);

  const sandbox = await createSandbox(new RegExp(values.files));
  try {
    const { directory, mutants, texts } = sandbox;
    const chosen = sample(mutants, Number(values.sample), Number(values.seed));
    note(
      `${chosen.length} of ${mutants.length} mutants in ${sandbox.files.size} files; ${texts} more change only words`,
    );

    const tests = listTests(directory).filter(test => new RegExp(values.tests).test(test));
    const server = await startPostgres();
    const coverage = await dryRun(directory, tests, server, workers).finally(() => server.stop());
    note(
      `${coverage.files.length} test files pass without a mutant; what does not: ${coverage.failed.join(', ') || '-'}`,
    );

    let done = 0;
    const report = (result: Result) => note(`${++done} ${describeResult(result)}`);
    const evaluation = { directory, files: coverage.files, workers, report };
    const first = await evaluate(chosen, { ...evaluation, effortSeconds: Number(values.effort) });

    const doubtful = first.filter(({ status, left = 0 }) => status === 'timeout' || (left > 0 && values.again !== '0'));
    note(`once more, alone: ${doubtful.length}`);
    const mutantsAgain = doubtful.map(({ mutant }) => mutant);
    const effortSeconds = Math.max(Number(values.effort), Number(values.again));
    const second = await evaluate(mutantsAgain, { ...evaluation, effortSeconds, workers: 1 });
    conclude([...first.filter(result => !doubtful.includes(result)), ...second]);
  } finally {
    sandbox.remove();
  }
}

function listTests(directory: string): string[] {
  const { stdout } = spawnSync('npx', ['jest', '--listTests'], { cwd: directory, encoding: 'utf8' });
  const paths = stdout
    .trim()
    .split('\n')
    .map(path => path.slice(directory.length + 1));
  return paths.filter(path => !NO_TESTS.some(pattern => pattern.test(path)));
}

function conclude(results: readonly Result[]): void {
  mkdirSync(REPORTS, { recursive: true });
  writeFileSync(join(REPORTS, 'mutation.json'), JSON.stringify(results, null, 2));
  const alive = results.filter(({ status }) => status === 'survived' || status === 'not covered');
  for (const result of alive) console.log(describeResult(result));
  console.log(table(results));
  const reached = score(count(results));
  console.log(`${reached.toFixed(1)} % of what can be killed; ${values.threshold} % are demanded`);
  process.exitCode = reached < Number(values.threshold) ? 1 : 0;
}
