import { setTimeout as pause } from 'node:timers/promises';
import { Consumer, ConsumerResult } from './consumer';
import type { Habit } from './protocol';
import type { Application } from './stage';
import type { RotationStrategyName } from '../src/contract';
import type { Step } from '../test/local/rotation-run';
import type { LocalSecretsManager } from '../test/local/secrets-manager';

/**
 * Queries per second that each service is asked. A refused login costs the machine much more than a query, hence fewer
 * of the habits.
 */
export const RATES: Record<Habit, number> = { rotating: 250, 'read-once': 50, cached: 50 };

/** One rotation; instants are epoch milliseconds. */
export interface RotationRecord {
  readonly begun: number;
  readonly ended: number;
  /** When each step began. */
  readonly steps: Partial<Record<Step, number>>;
  readonly ok: boolean;
  readonly failure?: string;
}

/** All that happened under one strategy. */
export interface ActResult {
  readonly strategy: RotationStrategyName;
  readonly begun: number;
  readonly ended: number;
  readonly rotations: RotationRecord[];
  readonly consumers: ConsumerResult[];
  /** Rows of our client's service in the database: as many as its good queries, if none was lost or sent twice. */
  readonly rows: number;
}

/** What may be shown while an act goes on. */
export interface ActProgress {
  readonly strategy: RotationStrategyName;
  readonly consumers: readonly Consumer[];
  readonly rotations: readonly RotationRecord[];
}

/** How an act is run. */
export interface ActOptions {
  readonly rotations: number;
  readonly random: (low: number, high: number) => number;
  readonly signal: AbortSignal;
  readonly onRotation: (progress: ActProgress) => void;
  readonly onBegin: (progress: ActProgress) => void;
}

/** Runs the three services of an application while its secret rotates again and again. */
export async function runAct(
  application: Application,
  secretsManager: LocalSecretsManager,
  options: ActOptions,
): Promise<ActResult> {
  const { strategy, secretArn, environment } = application;
  const { random, signal } = options;
  const starting = (Object.keys(RATES) as Habit[]).map(async habit => Consumer.start(habit, RATES[habit], environment));
  const killAll = () =>
    starting.forEach(
      consumer =>
        void consumer.then(
          started => started.kill(),
          () => undefined,
        ),
    );
  signal.addEventListener('abort', killAll);
  try {
    const consumers = await Promise.all(starting);
    const begun = Date.now();
    const rotations: RotationRecord[] = [];
    options.onBegin({ strategy, consumers, rotations });
    while (rotations.length < options.rotations) {
      await pause(random(1200, 2600), undefined, { signal });
      rotations.push(await rotate());
      options.onRotation({ strategy, consumers, rotations });
    }
    await pause(1000, undefined, { signal });
    const ended = Date.now();
    const results = await Promise.all(consumers.map(async consumer => consumer.finish()));
    return {
      strategy,
      begun,
      ended,
      rotations,
      consumers: results,
      rows: await application.rows('rotating' satisfies Habit),
    };
  } finally {
    signal.removeEventListener('abort', killAll);
    killAll();
  }

  async function rotate(): Promise<RotationRecord> {
    const begun = Date.now();
    const steps: RotationRecord['steps'] = {};
    const { ok, step, error } = await secretsManager.rotate(secretArn, {
      beforeStep: async next => {
        if (next !== 'createSecret') await pause(random(150, 550), undefined, { signal });
        steps[next] = Date.now();
      },
    });
    signal.throwIfAborted();
    return { begun, ended: Date.now(), steps, ok, failure: ok ? undefined : `${step}: ${error?.message}` };
  }
}
