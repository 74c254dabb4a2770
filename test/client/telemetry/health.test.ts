import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Pool } from 'pg';
import { type Health, health } from '../../../client/src/telemetry/health';
import { type Meter, observe } from '../../../client/src/telemetry/metrics';
import { stats } from '../../../client/src/telemetry/stats';
import { createAuthority } from '../../local/certificate';
import { startPostgresProxy } from '../../local/postgres-proxy';
import { Application } from '../support/fixture';
import { until } from '../support/until';

let app: Application;
/** What a test has started beside. */
let started: { stop(): Promise<unknown> }[];
beforeEach(async () => {
  started = [];
  app = await Application.start();
});
afterEach(async () => {
  await Promise.all(started.map(each => each.stop()));
  await app.stop();
});

const logged: string[] = [];
beforeEach(() => {
  logged.length = 0;
});
const say = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
const logger = { info: say, warn: say, error: say };

/** Not the two seconds of the default: a login may take longer on a busy machine. */
const PATIENT = { timeoutMillis: 30_000 };

describe('health', () => {
  test('is a real read, with who logged in and how old the credential is, and no secret', async () => {
    const found = await health(app.pool(), PATIENT);
    expect(found).toMatchObject({
      healthy: true,
      user: app.user.username,
      breaker: 'closed',
      secretVersion: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(found.latencyMillis).toBeGreaterThan(0);
    expect(found.credentialAgeSeconds).toBeLessThan(60);
    expect(found).not.toHaveProperty('error');
    expect(JSON.stringify(found)).not.toContain(app.user.password);
  });

  test('writes by choice, and takes it back', async () => {
    await app.asSuperuser(`
      CREATE SCHEMA "Odd"; GRANT USAGE ON SCHEMA "Odd" TO ${app.user.username};
      CREATE TABLE "Odd"."Health" (i int DEFAULT 1); GRANT ALL ON "Odd"."Health" TO ${app.user.username}`);
    const pool = app.pool({ max: 1 });
    expect(await health(pool, { ...PATIENT, write: true })).toMatchObject({ healthy: true });
    expect(await health(pool, { ...PATIENT, write: true })).toMatchObject({ healthy: true });
    expect(await health(pool, { ...PATIENT, write: 'Odd.Health' })).toMatchObject({ healthy: true });
    expect((await pool.query('select count(*)::int as n from "Odd"."Health"')).rows).toEqual([{ n: 0 }]);
  });

  test('a write that fails is unhealthy with its code, and the connection is not used on', async () => {
    await app.asSuperuser(`ALTER ROLE ${app.user.username} SET default_transaction_read_only = on`);
    const pool = app.pool({ max: 1 });
    expect(await health(pool, PATIENT)).toMatchObject({ healthy: true });
    expect(await health(pool, { ...PATIENT, write: true })).toMatchObject({ healthy: false, error: '25006' });
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(await health(pool, { ...PATIENT, write: 'no_such_table' })).toMatchObject({
      healthy: false,
      error: '42P01',
    });
  });

  test('a database that lets in and answers no query is unhealthy: what is read is what is stored', async () => {
    const authority = await createAuthority('An authority of the test');
    const queries: string[] = [];
    const proxy = await startPostgresProxy(app.tenancy, await authority.issue('localhost'), {
      before: (message, content) => {
        if (message !== 'Query') return;
        queries.push(content!.toString());
        throw new Error('the connection breaks');
      },
    });
    started.push(proxy);
    const pool = app.pool({ port: proxy.port, ca: authority.certificate });
    expect(await health(pool, PATIENT)).toMatchObject({ healthy: false, logins: 1 });
    expect(queries).toEqual([expect.stringContaining('FROM pg_catalog.pg_database')]);
    expect(pool.totalCount).toBe(0);
  });

  test('a database that says nothing is unhealthy in time', async () => {
    const accepted: Socket[] = [];
    const silent = createServer(socket => accepted.push(socket.resume())).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    started.push({
      stop: () => {
        for (const socket of accepted) socket.destroy();
        return once(silent.close(), 'close');
      },
    });
    const pool = app.pool({ port: (silent.address() as AddressInfo).port });
    // nothing else would end it
    expect(await health(pool, { timeoutMillis: 100 })).toMatchObject({ healthy: false, error: 'ETIMEDOUT' });
  });

  test('two seconds are the most, and a connection that comes later is given back', async () => {
    jest.useFakeTimers();
    try {
      let connected!: (client: { release(): void }) => void;
      const connecting = new Promise<{ release(): void }>(resolve => {
        connected = resolve;
      });
      const pool = { connect: () => connecting } as unknown as Pool;
      let found: Health | undefined;
      const checking = health(pool).then(said => {
        found = said;
      });
      await jest.advanceTimersByTimeAsync(1_999);
      expect(found).toBeUndefined();
      await jest.advanceTimersByTimeAsync(1);
      await checking;
      expect(found).toMatchObject({ healthy: false, error: 'ETIMEDOUT', latencyMillis: 2_000 });
      const release = jest.fn();
      connected({ release });
      await connecting;
      await Promise.resolve();
      expect(release.mock.calls).toEqual([[]]);
    } finally {
      jest.useRealTimers();
    }
  });

  test('a statement that hangs is unhealthy in time, and its connection ends', async () => {
    await app.asSuperuser(`CREATE TABLE locked (i int DEFAULT 1); GRANT ALL ON locked TO ${app.user.username}`);
    const [pool, other] = [app.pool({ max: 1 }), app.pool({ max: 1 })];
    const holder = await other.connect();
    await holder.query('begin; lock table locked');
    await pool.query('select 1'); // the login is not what hangs
    expect(await health(pool, { write: 'locked', timeoutMillis: 100 })).toMatchObject({
      healthy: false,
      error: 'ETIMEDOUT',
    });
    expect(pool.totalCount).toBe(0);
    await holder.query('rollback');
    holder.release();
    expect(await health(pool, { ...PATIENT, write: 'locked' })).toMatchObject({ healthy: true });
  });

  test('a login that is refused is unhealthy with the code', async () => {
    await app.changePassword();
    await app.source.current(); // the budget is that of the login
    expect(await health(app.pool({ loginBudgetMillis: 50 }), PATIENT)).toMatchObject({
      healthy: false,
      error: 'Authentication',
      user: app.user.username,
    });
  });
});

test('the figures of a pool: what it read, tried and replaced', async () => {
  const pool = app.pool({ max: 1, maxUses: 1 });
  await pool.query('select 1');
  await app.put(await app.changePassword(), 'AWSPENDING');
  await pool.query('select 1');
  expect(stats(pool)).toMatchObject({
    refreshes: 2,
    failedRefreshes: 0,
    searches: 1,
    logins: 2,
    refusedLogins: 1,
    replacements: 0,
    breaker: 'closed',
  });
});

test('a meter of OpenTelemetry observes them until the pool ends', async () => {
  const callbacks = new Map<
    string,
    (result: { observe(value: number, attributes?: Record<string, string>): void }) => void
  >();
  const instrument = (name: string) => ({
    addCallback: (callback: never) => void callbacks.set(name, callback),
    removeCallback: () => void callbacks.delete(name),
  });
  const meter: Meter = { createObservableCounter: instrument, createObservableGauge: instrument };
  const read = () =>
    Object.fromEntries(
      [...callbacks].map(([name, callback]) => {
        let observed: number | undefined;
        callback({
          observe: value => {
            observed = value;
          },
        });
        return [name, observed];
      }),
    );

  const pool = app.pool({ meter });
  expect(read()['rotating_postgres.credential.age']).toBeUndefined(); // nothing was read yet
  await pool.query('select 1');
  expect(read()).toEqual({
    'rotating_postgres.refreshes': 1,
    'rotating_postgres.refreshes.failed': 0,
    'rotating_postgres.searches': 0,
    'rotating_postgres.logins': 1,
    'rotating_postgres.logins.refused': 0,
    'rotating_postgres.replacements': 0,
    'rotating_postgres.credential.age': expect.any(Number),
    'rotating_postgres.breaker.open': 0,
  });
  await pool.end();
  expect(callbacks.size).toBe(0);
  const end = observe(app.pool(), meter);
  expect(callbacks.size).toBe(8);
  end();
  expect(callbacks.size).toBe(0);
});

test('the logger hears of a new version, an outage and a refusal for good, and of no secret', async () => {
  await app.source.current(); // the budget is that of the login
  const pool = app.pool({ logger, loginBudgetMillis: 50 });
  await pool.query('select 1');
  const next = await app.changePassword();
  await app.put(next);
  await app.source.refresh();
  await app.put({ username: app.user.username, password: '' });
  await expect(app.source.refresh()).rejects.toMatchObject({ code: 'InvalidSecret' });
  await app.changePassword();
  const other = app.pool({ logger, loginBudgetMillis: 50 });
  const refusals = () => logged.filter(line => line.includes('refuses every version'));
  const refused = () => expect(other.query('select 1')).rejects.toMatchObject({ code: 'Authentication' });
  await until(async () => {
    await refused();
    return refusals().length > 0;
  });
  for (let query = 0; query < 3; query++) await refused();
  expect(logged.filter(line => line.startsWith('the secret has a new version'))).toHaveLength(1);
  expect(logged.filter(line => line.startsWith('the value that was read last stays in use')).length).toBeGreaterThan(0);
  expect(refusals()).toHaveLength(1);
  for (const { password } of [app.user, next]) expect(logged.join('\n')).not.toContain(password);
});
