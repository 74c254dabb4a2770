import { batches, covering, type TestFile } from './coverage';
import { equivalentOf } from './equivalent';
import { ACTIVE_MUTANT } from './instrument';
import { type JestOutcome, runJest } from './jest-run';
import type { Mutant, Result } from './mutant';
import { type LocalPostgres, startPostgres } from '../local/postgres';

/** Tests leave databases and roles behind, and a mutant may leave worse. */
const RUNS_PER_SERVER = 20;
/** Starting jest, and the noise of a busy machine. */
const GRACE_SECONDS = 20;
const SLOWNESS = 3;

/** Says what tests to run for a mutant. */
export interface Evaluation {
  readonly directory: string;
  readonly files: readonly TestFile[];
  /** How long all tests of one mutant may normally take; those that come next do not run. */
  readonly effortSeconds: number;
  readonly workers: number;
  report(result: Result): void;
}

/** Runs the tests for each mutant, so many mutants side by side. */
export async function evaluate(mutants: readonly Mutant[], evaluation: Evaluation): Promise<Result[]> {
  const queue = [...mutants];
  const results: Result[] = [];
  const work = async () => {
    const judge = new Judge(evaluation);
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const result = await judge.judge(next);
        results.push(result);
        evaluation.report(result);
      }
    } finally {
      await judge.stop();
    }
  };
  await Promise.all(Array.from({ length: evaluation.workers }, work));
  return results;
}

/** Judges one mutant after the other, with a PostgreSQL of its own. */
class Judge {
  private server?: LocalPostgres;
  private runs = 0;

  constructor(private readonly evaluation: Evaluation) {}

  async judge(mutant: Mutant): Promise<Result> {
    const reason = equivalentOf(mutant)?.reason;
    if (reason !== undefined) return { mutant, status: 'equivalent', reason };
    const { files, effortSeconds } = this.evaluation;
    const tests = covering(mutant, files);
    if (tests.length === 0) return { mutant, status: 'not covered' };
    const toRun = batches(tests, effortSeconds);
    for (const batch of toRun) {
      const { verdict, failure } = await this.run(mutant, batch);
      if (verdict === 'failed') return { mutant, status: 'killed', killer: failure };
      if (verdict === 'late') {
        await this.stop();
        return { mutant, status: 'timeout', killer: batch.map(({ path }) => path).join(', ') };
      }
    }
    return { mutant, status: 'survived', left: tests.length - toRun.flat().length };
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  private async run(mutant: Mutant, batch: readonly TestFile[]): Promise<JestOutcome> {
    if (this.runs++ % RUNS_PER_SERVER === 0) await this.stop();
    this.server ??= await startPostgres();
    return runJest({
      directory: this.evaluation.directory,
      tests: batch.map(({ path }) => path),
      server: this.server,
      environment: { [ACTIVE_MUTANT]: mutant.id },
      bail: true,
      limitSeconds: GRACE_SECONDS + SLOWNESS * seconds(batch),
    });
  }
}

function seconds(files: readonly TestFile[]): number {
  return files.reduce((sum, file) => sum + file.seconds, 0);
}
