import { once } from 'node:events';
import type pg from 'pg';
import { stats } from '../../../client/src/telemetry/stats';
import type { Call } from '../../local/secrets-manager';
import { Application } from '../support/fixture';
import { countSockets, type SocketCounter } from '../support/socket-counter';
import { until } from '../support/until';

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
const DEADLINE = 300;
const pool = (options = {}) => app.pool({ max: 1, port: sockets.port, ...options });
/** Not before the pool has logged in: that may take long on a busy machine. */
const limit = (of: pg.Pool, millis = DEADLINE) => {
  of.options.connectionTimeoutMillis = millis;
};

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('was fulfilled');
    },
    caught => caught,
  );
}

/** Has callers come until they are told at once that every version is refused. */
const breakerOpens = (of: pg.Pool) =>
  until(async () => {
    await failure(of.query(whoAmI));
    return stats(of)?.breaker === 'open';
  });

// Nothing but the deadline ends these waits: without it the test fails by its own time.
describe('connectionTimeoutMillis covers all that a caller waits for:', () => {
  test('a place in the queue', async () => {
    const one = pool();
    const lent = await one.connect();
    limit(one);
    expect((await failure(one.query(whoAmI))).message).toBe('timeout exceeded when trying to connect');
    expect(one.waitingCount).toBe(0);
    lent.release();
    await one.query(whoAmI);
  });

  test('a secret that cannot be read yet', async () => {
    const answers: (() => void)[] = [];
    beforeCall = () => new Promise<void>(resolve => answers.push(resolve));
    const one = pool();
    limit(one);
    expect(await failure(one.query(whoAmI))).toMatchObject({
      code: 'SecretsManager',
      message: expect.stringContaining('in time'),
    });
    for (const answer of answers) answer();
  });

  test('a search for a version that is accepted', async () => {
    await app.changePassword();
    let reads = 0;
    const answers: (() => void)[] = [];
    beforeCall = () => (reads++ === 0 ? undefined : new Promise<void>(resolve => answers.push(resolve)));
    const one = pool({ max: 2, loginBudgetMillis: 3_600_000 });
    const patient = one.query(whoAmI);
    await until(() => stats(one)!.refusedLogins === 1); // however long that takes
    limit(one);
    expect(await failure(one.query(whoAmI))).toMatchObject({ code: 'Authentication', cause: { code: '28P01' } });
    beforeCall = undefined;
    for (const answer of answers) answer();
    await app.changePassword(app.user.password);
    await patient;
  });

  test('a login that hangs, also after a wait in the queue, and its place comes back', async () => {
    const one = pool();
    const lent = await one.connect();
    sockets.hangs = true;
    limit(one);
    let isLate = false;
    setTimeout(() => {
      lent.release(true);
      setTimeout(() => {
        isLate = true;
      }, DEADLINE); // the half and another whole
    }, DEADLINE / 2);
    expect((await failure(one.query(whoAmI))).message).toMatch(/timeout/);
    expect(isLate).toBe(false);
    sockets.hangs = false;
    limit(one, 0);
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

test('after the budget for refused logins, a hundred callers get the error at once and cost no login', async () => {
  const one = app.pool({ max: 5, loginBudgetMillis: 300 });
  await app.changePassword();
  await breakerOpens(one);
  const { refusedLogins } = stats(one)!;
  const results = await Promise.allSettled(Array.from({ length: 100 }, () => failure(one.query(whoAmI))));
  for (const result of results) expect(result).toMatchObject({ value: { code: 'Authentication' } });
  expect(stats(one)!.refusedLogins - refusedLogins).toBeLessThanOrEqual(1);
  expect(app.refusals).toBe(stats(one)!.refusedLogins);
});

test('a version that comes while the breaker is open closes it', async () => {
  const one = app.pool({ loginBudgetMillis: 100 });
  const next = await app.changePassword();
  await breakerOpens(one);
  await app.put(next);
  await Promise.all([once(app.source, 'version'), app.source.refresh()]);
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
