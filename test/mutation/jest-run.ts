import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { TEMPORARY } from './sandbox';
import type { PostgresServer } from '../local/postgres';
import { SERVER_VARIABLE } from '../local/servers';

/** What jest is asked to do. */
export interface JestRun {
  /** The sandbox. */
  readonly directory: string;
  /** Paths of test files in it, in the order in which they run. */
  readonly tests: readonly string[];
  readonly server: PostgresServer;
  readonly environment: Record<string, string>;
  readonly workers?: number;
  /** Whether to stop after the first file that fails. */
  readonly bail?: boolean;
  readonly limitSeconds?: number;
}

/** What came of a test file. */
export interface FileOutcome {
  readonly path: string;
  readonly seconds: number;
  /** Its first test that failed. */
  readonly failure?: string;
}

/** What came of a run. */
export interface JestOutcome {
  readonly verdict: 'passed' | 'failed' | 'late';
  /** What failed first. */
  readonly failure?: string;
  readonly files: readonly FileOutcome[];
}

/** Runs jest in a process group of its own, of which nothing is left. */
export async function runJest(run: JestRun): Promise<JestOutcome> {
  const { directory, limitSeconds } = run;
  const output = join(directory, `jest-${run.server.port}.json`);
  rmSync(output, { force: true });
  const child = spawn(process.execPath, options(run, output), {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env: {
      ...process.env,
      CDK_VALIDATION: 'false',
      TMPDIR: join(directory, TEMPORARY),
      [SERVER_VARIABLE]: JSON.stringify(run.server),
      MUTATION_ORDER: JSON.stringify(run.tests),
      ...run.environment,
    },
  });
  let complaints = '';
  child.stderr?.on('data', chunk => {
    complaints = (complaints + chunk).slice(-1000);
  });
  let isLate = false;
  const late = () => {
    isLate = true;
    killGroup(child.pid);
  };
  const timer = limitSeconds === undefined ? undefined : setTimeout(late, limitSeconds * 1000);
  await once(child, 'close');
  clearTimeout(timer);
  killGroup(child.pid);
  return isLate ? { verdict: 'late', files: [] } : outcome(directory, output, complaints);
}

function options({ directory, tests, workers = 1, bail = false }: JestRun, output: string): string[] {
  const { jest } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { jest: object };
  const configuration = {
    ...jest,
    rootDir: directory,
    reporters: [],
    testEnvironment: '<rootDir>/test/mutation/jest-environment.ts',
    testSequencer: '<rootDir>/test/mutation/jest-sequencer.js',
  };
  return [
    join(directory, 'node_modules/jest/bin/jest.js'),
    ...['--ci', '--config', JSON.stringify(configuration), '--json', '--outputFile', output],
    ...[workers > 1 ? `--maxWorkers=${workers}` : '--runInBand', `--bail=${bail ? 1 : 0}`],
    ...['--runTestsByPath', ...tests],
  ];
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // all have ended
  }
}

/** Jest's report, as far as it matters here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function outcome(directory: string, output: string, complaints: string): JestOutcome {
  if (!existsSync(output)) return { verdict: 'failed', failure: `jest gave no report: ${complaints}`, files: [] };
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report;
  const files = testResults.map(({ name, status, startTime, endTime, message, assertionResults }) => {
    const path = relative(directory, name);
    const test = assertionResults.find(assertion => assertion.status === 'failed')?.fullName;
    const failure = status === 'passed' ? undefined : `${path}: ${test ?? message.slice(0, 200)}`;
    return { path, seconds: (endTime - startTime) / 1000, failure };
  });
  const failure = files.find(file => file.failure !== undefined)?.failure;
  return { verdict: failure === undefined ? 'passed' : 'failed', failure, files };
}
