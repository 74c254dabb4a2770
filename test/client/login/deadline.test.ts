import { once } from 'node:events';
import { secretCredentials } from '../../../client/src/secret/credentials';
import { stats } from '../../../client/src/telemetry/stats';
import type { Call } from '../../local/secrets-manager';
import { Application } from '../support/fixture';
import { countSockets, type SocketCounter } from '../support/socket-counter';

let app: Application;
let sockets: SocketCounter;
let beforeCall: ((call: Call) => unknown) | undefined;
beforeEach(async () => {
  beforeCall = undefined;
  app = await Application.start({ before: call => beforeCall?.(call) });
  sockets = await countSockets(app.tenancy.port);
});
afterEach(async () => {
  await app.stop();
  await sockets.stop();
});

const whoAmI = 'select session_user::text as name';
const DEADLINE = 600;
const pool = (options = {}) => app.pool({ max: 2, port: sockets.port, connectionTimeoutMillis: DEADLINE, ...options });

/** Rejects with the error, and with how long it took. */
async function failure(promise: Promise<unknown>): Promise<{ error: Error; took: number }> {
  const begun = performance.now();
  const error: Error = await promise.then(
    () => {
      throw new Error('was fulfilled');
    },
    caught => caught,
  );
  return { error, took: performance.now() - begun };
}

describe('connectionTimeoutMillis covers all that a caller waits for:', () => {
  test('a place in the queue', async () => {
    const one = pool({ max: 1 });
    const lent = await one.connect();
    const { error, took } = await failure(one.query(whoAmI));
    expect(error.message).toBe('timeout exceeded when trying to connect');
    expect(took).toBeLessThan(2 * DEADLINE);
    expect(one.waitingCount).toBe(0);
    lent.release();
    await one.query(whoAmI);
  });

  test('a secret that cannot be read yet', async () => {
    beforeCall = () => new Promise(resolve => setTimeout(resolve, 3 * DEADLINE));
    const { error, took } = await failure(pool().query(whoAmI));
    expect(error).toMatchObject({ code: 'SecretsManager', message: expect.stringContaining('in time') });
    expect(took).toBeLessThan(2 * DEADLINE);
  });

  test('a search for a version that is accepted', async () => {
    await app.changePassword();
    const { error, took } = await failure(pool().query(whoAmI));
    expect(error).toMatchObject({ code: 'Authentication', cause: { code: '28P01' } });
    expect(took).toBeLessThan(2 * DEADLINE);
  });

  test('a login that hangs, also after a wait in the queue, and its place comes back', async () => {
    const one = pool({ max: 1 });
    const lent = await one.connect();
    sockets.hangs = true;
    setTimeout(() => lent.release(true), DEADLINE / 2);
    const { error, took } = await failure(one.query(whoAmI));
    expect(error.message).toMatch(/timeout/);
    expect(took).toBeLessThan(1.4 * DEADLINE); // not the half and another whole
    sockets.hangs = false;
    expect((await one.query(whoAmI)).rows).toHaveLength(1);
    expect(one.totalCount).toBe(1);
  });
});

test('callers who wait when the pool ends get an error, all of them', async () => {
  const one = app.pool({ max: 1 });
  const lent = await one.connect();
  const waiting = Promise.allSettled(Array.from({ length: 5 }, () => one.query(whoAmI)));
  const ended = one.end();
  lent.release();
  for (const result of await waiting) {
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { message: expect.stringContaining('after calling end') },
    });
  }
  await ended;
});

test(
  'after every version is refused for the budget, a hundred callers get the error at once and cost ' + 'no login',
  async () => {
    const one = app.pool({ max: 5, loginBudgetMillis: 300 });
    await app.changePassword();
    await failure(one.query(whoAmI));
    await failure(one.query(whoAmI));
    expect(stats(one)).toMatchObject({ breaker: 'open' });
    const { refusedLogins } = stats(one)!;
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => failure(one.query(whoAmI))));
    for (const result of results) expect(result).toMatchObject({ value: { error: { code: 'Authentication' } } });
    expect(stats(one)!.refusedLogins - refusedLogins).toBeLessThanOrEqual(1);
    expect(app.refusals).toBe(stats(one)!.refusedLogins);
  },
);

test('a version that comes while the breaker is open closes it', async () => {
  const one = app.pool({ loginBudgetMillis: 100 });
  const next = await app.changePassword();
  await failure(one.query(whoAmI));
  await failure(one.query(whoAmI));
  await app.put(next);
  const source = secretCredentials(app.secretArn, { client: app.secretsManager.client });
  await Promise.all([once(source, 'version'), source.refresh()]);
  await one.query(whoAmI);
  expect(stats(one)).toMatchObject({ breaker: 'closed' });
});

test('a hundred waiters cost no more refused logins than the pool has connections', async () => {
  const max = 5;
  const one = app.pool({ max, maxUses: 1 });
  await one.query(whoAmI);
  await app.put(await app.changePassword(), 'AWSPENDING');
  const before = app.refusals;
  await Promise.all(Array.from({ length: 100 }, () => one.query(whoAmI)));
  expect(app.refusals - before).toBeGreaterThan(0);
  expect(app.refusals - before).toBeLessThanOrEqual(max);
});

test('a password that cannot be read opens no connection, and leaves none', async () => {
  beforeCall = () => {
    throw new Error('connection breaks');
  };
  await failure(pool().query(whoAmI));
  expect(sockets.all).toBe(0);
});
