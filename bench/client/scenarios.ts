import { setTimeout as pause } from 'node:timers/promises';
import { Load, type LoadOptions, type LoadResult, type Sample } from './load';
import type { Application, Stage, Strategy } from './stage';

/** What came of queries during rotations. */
export interface Outcome {
  readonly queries: number;
  readonly failed: number;
  readonly slowestMillis: number;
  readonly refusedLogins: number;
  readonly readsPerRotation: number;
}

export const GAP = { least: 50, most: 2_000 };
/** Connections live for so many queries: logins happen all the time, as when a service scales. */
const USES = 10;
const RATE = 50;
const MAX = 5;

const between = (least: number, most: number) => least + Math.random() * (most - least);
const gap = () => between(GAP.least, GAP.most);

/** Rotations one after another, on several applications at once, each with a service under load. */
export async function rotations(
  stage: Stage,
  strategy: Strategy,
  count: number,
  lanes: number,
  options: Partial<LoadOptions> = {},
): Promise<Outcome> {
  const outcomes = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const share = Math.floor((count + lane) / lanes);
      return whileLoaded(stage, strategy, options, async application => {
        for (let rotation = 0; rotation < share; rotation++) {
          await application.rotate(strategy === 'single' ? gap() : 0);
          await pause(between(50, 300));
        }
        return share;
      });
    }),
  );
  return together(outcomes);
}

/** A service under load while something happens to its secret; `happens` says how many rotations there were. */
export async function whileLoaded(
  stage: Stage,
  strategy: Strategy,
  options: Partial<LoadOptions>,
  happens: (application: Application) => Promise<number>,
): Promise<Outcome> {
  const application = await stage.addApplication(strategy);
  const load = await Load.start(
    {
      kind: 'rotating',
      secretArn: application.secretArn,
      rate: RATE,
      max: MAX,
      maxUses: USES,
      ttlMillis: 2_000,
      ...options,
    },
    stage.environment,
  );
  await pause(500);
  const before = stage.reads(application.secretArn);
  const count = await happens(application);
  await pause(500);
  const reads = stage.reads(application.secretArn) - before;
  return {
    ...outcome(await load.stop()),
    refusedLogins: stage.refusals(application.logins),
    readsPerRotation: reads / count,
  };
}

function outcome({ samples }: LoadResult): Pick<Outcome, 'queries' | 'failed' | 'slowestMillis'> {
  return {
    queries: samples.length,
    failed: samples.filter(([, millis]) => millis < 0).length,
    slowestMillis: Math.max(...samples.map(([, millis]) => Math.abs(millis))),
  };
}

function together(outcomes: readonly Outcome[]): Outcome {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, each) => total + of(each), 0);
  return {
    queries: sum(each => each.queries),
    failed: sum(each => each.failed),
    slowestMillis: Math.max(...outcomes.map(each => each.slowestMillis)),
    refusedLogins: sum(each => each.refusedLogins),
    readsPerRotation: sum(each => each.readsPerRotation) / outcomes.length,
  };
}

/**
 * p99 of the queries in the seconds around rotations, over that of a pool of pg alone at the same time whose user is
 * not rotated.
 */
export async function p99Ratio(
  stage: Stage,
  strategy: Strategy,
  count: number,
  maxUses?: number,
): Promise<{ all: number; withoutGap: number }> {
  const AROUND = 5_000;
  const [application, other] = [await stage.addApplication(strategy), await stage.addApplication()];
  const options = { rate: 200, max: 10, maxUses };
  const [ours, bare] = await Promise.all([
    Load.start({ kind: 'rotating', secretArn: application.secretArn, ...options, ttlMillis: 4_000 }, stage.environment),
    Load.start({ kind: 'bare', secretArn: other.secretArn, ...options }, stage.environment),
  ]);
  await pause(2_000);
  const windows: { from: number; to: number }[] = [];
  for (let rotation = 0; rotation < count; rotation++) {
    await pause(AROUND);
    const from = Date.now();
    await application.rotate(strategy === 'single' ? gap() : 0);
    windows.push({ from, to: Date.now() });
    await pause(AROUND);
  }
  const [measured, unrotated] = await Promise.all([ours.stop(), bare.stop()]);
  const isAround = ([at]: Sample) => windows.some(({ from, to }) => at >= from - AROUND && at <= to + AROUND);
  const isInGap = ([at]: Sample) => windows.some(({ from, to }) => at >= from - 50 && at <= to + 50);
  const p99 = (samples: readonly Sample[]) =>
    quantile(
      samples.filter(isAround).map(([, millis]) => Math.abs(millis)),
      0.99,
    );
  return {
    all: p99(measured.samples) / p99(unrotated.samples),
    withoutGap:
      p99(measured.samples.filter(sample => !isInGap(sample))) /
      p99(unrotated.samples.filter(sample => !isInGap(sample))),
  };
}

/**
 * Refused logins of each process, as it counts them itself, and of all, as the server does, over single-user rotations.
 */
export async function refusals(
  stage: Stage,
  processes: number,
  callers: number,
  max: number,
  count: number,
): Promise<{ most: number; server: number }> {
  const application = await stage.addApplication('single');
  const loads: Load[] = [];
  for (let process = 0; process < processes; process++) {
    loads.push(
      await Load.start(
        { kind: 'rotating', secretArn: application.secretArn, rate: 0, callers, max, maxUses: 50 },
        stage.environment,
      ),
    );
  }
  for (let rotation = 0; rotation < count; rotation++) {
    await application.rotate(1_000);
    await pause(500);
  }
  const results = await Promise.all(loads.map(load => load.stop()));
  const failed = results.reduce((sum, { samples }) => sum + samples.filter(([, millis]) => millis < 0).length, 0);
  if (failed) throw new Error(`${failed} queries failed`);
  const most = Math.max(...results.map(({ refusedLogins }) => refusedLogins)) / count;
  return { most, server: stage.refusals(application.logins) / processes / count };
}

/** Refused logins in a minute after every version has been refused for the budget. */
export async function refusalsPerMinute(stage: Stage): Promise<number> {
  const application = await stage.addApplication('single');
  const load = await Load.start(
    { kind: 'rotating', secretArn: application.secretArn, rate: 0, callers: 20, max: 10, maxUses: 10 },
    stage.environment,
  );
  await application.lockOut();
  await pause(16_000);
  const before = stage.refusals(application.logins);
  await pause(60_000);
  const after = stage.refusals(application.logins);
  await load.stop();
  return after - before;
}

/** Reads of Secrets Manager: of 50 callers who start together, and then per TTL. */
export async function readsPerTtl(
  stage: Stage,
  options: Partial<LoadOptions> = {},
): Promise<{ burst: number; perTtl: number }> {
  const TTL = 5_000; // as long as that of Powertools
  const TTLS = 4;
  const application = await stage.addApplication('single');
  const load = await Load.start(
    {
      kind: 'rotating',
      secretArn: application.secretArn,
      rate: 0,
      callers: 50,
      max: 50,
      maxUses: 5,
      ttlMillis: TTL,
      ...options,
    },
    stage.environment,
  );
  await pause(1_000);
  const burst = stage.reads(application.secretArn);
  await pause(TTL * TTLS);
  const perTtl = (stage.reads(application.secretArn) - burst) / TTLS;
  await load.stop();
  const ownRead = options.kind ? 1 : 0; // of the peers' pools, for the user's name
  return { burst: burst - ownRead, perTtl };
}

function quantile(values: number[], share: number): number {
  return values.sort((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? NaN;
}
