import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WIDE_TESTS } from './files';
import { COVERAGE_DIRECTORY } from './jest-environment';
import { runJest } from './jest-run';
import type { Mutant } from './mutant';
import type { PostgresServer } from '../local/postgres';

/** A test file as it is without a mutant. */
export interface TestFile {
  readonly path: string;
  readonly seconds: number;
  /** Ids of the mutants that it reaches. */
  readonly reaches: ReadonlySet<string>;
}

/**
 * Runs test files with no mutant active.
 *
 * @returns those that pass, and what failed in the others, which can judge no mutant
 */
export async function dryRun(
  directory: string,
  tests: readonly string[],
  server: PostgresServer,
  workers: number,
): Promise<{ files: TestFile[]; failed: string[] }> {
  const coverage = mkdtempSync(join(directory, 'coverage-'));
  const environment = { [COVERAGE_DIRECTORY]: coverage };
  const { files, failure } = await runJest({ directory, tests, server, environment, workers });
  if (files.length === 0) throw new Error(`no test ran: ${failure}`);
  const reached = (path: string) => {
    const file = join(coverage, encodeURIComponent(path));
    return new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
  };
  return {
    files: files
      .filter(({ failure: own }) => own === undefined)
      .map(file => ({ ...file, reaches: reached(file.path) })),
    failed: files.flatMap(({ failure: own }) => own ?? []),
  };
}

/** The test files that reach a mutant: first the fast ones, and those that are likely to notice it. */
export function covering(mutant: Mutant, files: readonly TestFile[]): TestFile[] {
  return files
    .filter(({ reaches }) => reaches.has(mutant.id))
    .map(file => ({ file, cost: file.seconds / 4 ** nearness(mutant.file, file.path) }))
    .sort((a, b) => a.cost - b.cost)
    .map(({ file }) => file);
}

/** In order, until their sum is the limit: the first alone, for most mutants die there, and the others together. */
export function batches(tests: readonly TestFile[], limitSeconds: number): TestFile[][] {
  const [first, ...others] = tests;
  let sum = first.seconds;
  const rest = others.filter(file => {
    const fits = sum + file.seconds <= limitSeconds;
    if (fits) sum += file.seconds;
    return fits;
  });
  return rest.length > 0 ? [[first], rest] : [[first]];
}

/** How many folders they have in common, for the tests mirror the sources. */
function nearness(source: string, test: string): number {
  if (WIDE_TESTS.some(pattern => pattern.test(test))) return 1;
  const [a, b] = [source.replace('client/src/', 'client/'), test.replace('test/', '')].map(path => path.split('/'));
  const folders = a.slice(0, -1);
  const different = folders.findIndex((folder, index) => folder !== b[index]);
  return different === -1 ? folders.length : different;
}
