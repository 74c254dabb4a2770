/**
 * Small things, in a process of their own: what a cached read costs, and how often Secrets Manager is asked. Started by
 * main.ts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { cachedBy, type Kind, PEERS, subject } from './pools';
import { SecretCredentials } from '../../client/src';
import { forkTypeScript } from '../../test/local/fork';

export interface MicroOptions {
  readonly secretArn: string;
  readonly peers?: string;
}

export interface MicroResult {
  /** Nanoseconds of a read that is answered from memory. */
  readonly syncNs: number;
  readonly awaitedNs: Partial<Record<Kind, number>>;
  /** Milliseconds of a query in turns with a pool of pg alone: the difference of the medians. */
  readonly addedMicros: number;
}

/** Runs this file. */
export async function micro(options: MicroOptions, env: Record<string, string>): Promise<MicroResult> {
  const child = forkTypeScript(__filename, [JSON.stringify(options)], { env: { PATH: process.env.PATH, ...env } });
  return new Promise((resolve, reject) => {
    child.once('message', resolve).once('exit', () => reject(new Error('the small things ended without a result')));
  });
}

const READS = 2_000_000;
const ROUNDS = 5;
const QUERIES = 4_000;

async function run({ secretArn, peers }: MicroOptions): Promise<MicroResult> {
  const source = new SecretCredentials(secretArn);
  await source.current();
  let seen = 0;
  const syncNs =
    (best(() => {
      for (let read = 0; read < READS; read++) seen += source.latest!.versionId.length;
    }) /
      READS) *
    1e6;
  const awaitedNs: MicroResult['awaitedNs'] = { rotating: await awaited(() => source.current(), READS / 4) };
  for (const kind of peers ? PEERS.slice(1, 3) : []) {
    const get = await cachedBy(kind, secretArn, peers);
    if (typeof get !== 'function') continue;
    await get();
    awaitedNs[kind] = await awaited(get, READS / 20);
  }
  if (seen === 0) throw new Error('nothing was read');
  return { syncNs, awaitedNs, addedMicros: await addedMicros(secretArn) };
}

async function awaited(get: () => Promise<unknown>, reads: number): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    for (let read = 0; read < reads; read++) await get();
    least = Math.min(least, performance.now() - begun);
  }
  return (least / reads) * 1e6;
}

function best(work: () => void): number {
  return Math.min(
    ...Array.from({ length: ROUNDS }, () => {
      const begun = performance.now();
      work();
      return performance.now() - begun;
    }),
  );
}

/** In turns, one query at a time: what the machine does else falls on both. */
async function addedMicros(secretArn: string): Promise<number> {
  const options = { secretArn, max: 1 };
  const both = [await subject({ kind: 'rotating', ...options }), await subject({ kind: 'bare', ...options })];
  const taken: number[][] = [[], []];
  for (let query = 0; query < QUERIES; query++) {
    for (const which of query % 2 ? [0, 1] : [1, 0]) {
      const begun = performance.now();
      await both[which].query('select 1');
      if (query > QUERIES / 10) taken[which].push(performance.now() - begun);
    }
  }
  for (const each of both) await each.end();
  const [ours, bare] = taken.map(times => times.sort((a, b) => a - b)[Math.floor(times.length / 2)]);
  return (ours - bare) * 1_000;
}

if (require.main === module) {
  process.on('disconnect', () => process.exit());
  void run(JSON.parse(process.argv[2]) as MicroOptions).then(async result => {
    process.send?.(result);
    await pause(100);
    process.disconnect();
  });
}
