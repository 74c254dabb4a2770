import type pg from 'pg';
import { type Replaceable, Replacement } from '../../../client/src/pool/replacement';

/** A pool of which so many connections are out of date, idle or lent. */
class FakePool implements Replaceable {
  readonly log: string[] = [];
  /** What the next attempts to connect fail with. */
  failures: Error[] = [];
  #spares = 0;

  constructor(
    public idle: number,
    public lent = 0,
  ) {}

  outdated(): number {
    return this.idle + this.lent;
  }

  connectAhead(): Promise<pg.Client> {
    const failure = this.failures.shift();
    this.log.push(failure ? 'no connection' : 'connect');
    if (failure) return Promise.reject(failure);
    const name = `spare ${++this.#spares}`;
    const end = () => {
      this.log.push(`end ${name}`);
      return Promise.resolve();
    };
    return Promise.resolve({ name, end } as unknown as pg.Client);
  }

  swap(spare?: pg.Client): Promise<boolean> {
    const found = this.idle > 0;
    if (found) this.idle--;
    this.log.push(`${found ? 'swap' : 'none idle'} ${(spare as { name?: string } | undefined)?.name ?? 'for none'}`);
    return Promise.resolve(found);
  }
}

const failure = (code: string) => Object.assign(new Error(code), { code });
const seconds = (count: number) => jest.advanceTimersByTimeAsync(count * 1_000);
beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('one at a time: the new connection is logged in first, then takes the place of an old one', async () => {
  const pool = new FakePool(2);
  const replacement = new Replacement(pool);
  replacement.start();
  replacement.start();
  await seconds(1);
  expect(pool.log).toEqual(['connect', 'swap spare 1', 'connect', 'swap spare 2']);
  expect(replacement.count).toBe(2);
});

test('nothing is connected where nothing is out of date', async () => {
  const pool = new FakePool(0);
  const replacement = new Replacement(pool);
  replacement.start();
  await seconds(1);
  expect(pool.log).toEqual([]);
});

test('a spare waits for a lent connection, and is swapped when that is given back', async () => {
  const pool = new FakePool(0, 1);
  const replacement = new Replacement(pool);
  replacement.start();
  await seconds(10);
  expect(pool.log).toEqual(['connect', 'none idle spare 1']);
  [pool.idle, pool.lent] = [1, 0];
  replacement.returned();
  expect(pool.log.at(-1)).toBe('swap spare 1'); // at once, before anybody takes it
  await seconds(1);
  expect(replacement.count).toBe(1);
});

test('one that is lent for longer is replaced when it comes back, with another spare', async () => {
  const pool = new FakePool(0, 1);
  const replacement = new Replacement(pool);
  replacement.start();
  await seconds(31);
  expect(pool.log).toEqual(['connect', 'none idle spare 1', 'end spare 1']);
  await seconds(600);
  expect(pool.log).toHaveLength(3);
  [pool.idle, pool.lent] = [1, 0];
  replacement.returned();
  await seconds(1);
  expect(pool.log.slice(3)).toEqual(['connect', 'swap spare 2']);
  expect(replacement.count).toBe(1);
});

test('a spare that is no longer needed is ended, and is no replacement', async () => {
  const pool = new FakePool(0, 1);
  const replacement = new Replacement(pool);
  replacement.start();
  await seconds(1);
  pool.lent = 0; // closed by its borrower
  replacement.returned();
  await seconds(1);
  expect(pool.log.at(-1)).toBe('end spare 1');
  expect(replacement.count).toBe(0);
});

test('after failed logins it tries again ever more seldom, up to once in a minute or so', async () => {
  const pool = new FakePool(1);
  pool.failures = Array.from({ length: 1_000 }, () => failure('57P03'));
  const replacement = new Replacement(pool);
  replacement.start();
  await seconds(3_600);
  expect(pool.log.length).toBeGreaterThan(3_600 / 90); // the longest pause and its jitter
  expect(pool.log.length).toBeLessThan(3_600 / 30);
  expect(new Set(pool.log)).toEqual(new Set(['no connection'])); // the old one is kept
  pool.failures = [];
  await seconds(90);
  expect(pool.log.slice(-2)).toEqual(['connect', 'swap spare 1']);
  replacement.stop();
});

test('where there is no connection to spare, an old one makes room', async () => {
  const pool = new FakePool(1);
  pool.failures = [failure('53300')];
  const replacement = new Replacement(pool);
  replacement.start();
  await seconds(2);
  expect(pool.log).toEqual(['no connection', 'swap for none']);
  expect(replacement.count).toBe(0);
});

test('stopped, it ends the spare that waits, and does not begin again', async () => {
  const pool = new FakePool(0, 1);
  const replacement = new Replacement(pool);
  replacement.start();
  await seconds(1);
  replacement.stop();
  await seconds(1);
  replacement.start();
  await seconds(1);
  expect(pool.log).toEqual(['connect', 'none idle spare 1', 'end spare 1']);
});
