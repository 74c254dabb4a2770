import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { secretCredentials } from '../../../client/src/secret/credentials';
import { health } from '../../../client/src/telemetry/health';
import { type Meter, observe } from '../../../client/src/telemetry/metrics';
import { stats } from '../../../client/src/telemetry/stats';
import { Application } from '../support/fixture';

let app: Application;
beforeEach(async () => {
  app = await Application.start();
});
afterEach(() => app.stop());

const logged: string[] = [];
beforeEach(() => {
  logged.length = 0;
});
const say = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
const logger = { info: say, warn: say, error: say };

describe('health', () => {
  test('is a real read, with who logged in and how old the credential is, and no secret', async () => {
    const found = await health(app.pool());
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
    await app.asSuperuser(`CREATE SCHEMA "Odd"; CREATE TABLE "Odd"."Health" (i int DEFAULT 1); GRANT USAGE ON SCHEMA "Odd" TO ${app.user.username};
      GRANT ALL ON "Odd"."Health" TO ${app.user.username}`);
    const pool = app.pool({ max: 1 });
    expect(await health(pool, { write: true })).toMatchObject({ healthy: true });
    expect(await health(pool, { write: true })).toMatchObject({ healthy: true });
    expect(await health(pool, { write: 'Odd.Health' })).toMatchObject({ healthy: true });
    expect((await pool.query('select count(*)::int as n from "Odd"."Health"')).rows).toEqual([{ n: 0 }]);
  });

  test('a write that fails is unhealthy with its code, and the connection is not used on', async () => {
    await app.asSuperuser(`ALTER ROLE ${app.user.username} SET default_transaction_read_only = on`);
    const pool = app.pool({ max: 1 });
    expect(await health(pool)).toMatchObject({ healthy: true });
    expect(await health(pool, { write: true })).toMatchObject({ healthy: false, error: '25006' });
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(await health(pool, { write: 'no_such_table' })).toMatchObject({ healthy: false, error: '42P01' });
  });

  test('a database that says nothing is unhealthy in time', async () => {
    const silent = createServer(socket => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const pool = app.pool({ port: (silent.address() as AddressInfo).port, connectionTimeoutMillis: 300 });
    const found = await health(pool, { timeoutMillis: 100 });
    expect(found).toMatchObject({ healthy: false, error: 'ETIMEDOUT' });
    expect(found.latencyMillis).toBeLessThan(300);
    await pool.end();
    await new Promise(resolve => silent.close(resolve));
  });

  test('a statement that hangs is unhealthy in time, and its connection ends', async () => {
    await app.asSuperuser(`CREATE TABLE locked (i int DEFAULT 1); GRANT ALL ON locked TO ${app.user.username}`);
    const [pool, other] = [app.pool({ max: 1 }), app.pool({ max: 1 })];
    const holder = await other.connect();
    await holder.query('begin; lock table locked');
    expect(await health(pool, { write: 'locked', timeoutMillis: 100 })).toMatchObject({
      healthy: false,
      error: 'ETIMEDOUT',
    });
    expect(pool.totalCount).toBe(0);
    await holder.query('rollback');
    holder.release();
    expect(await health(pool, { write: 'locked' })).toMatchObject({ healthy: true });
  });

  test('a login that is refused is unhealthy with the code', async () => {
    await app.changePassword();
    expect(await health(app.pool({ loginBudgetMillis: 50 }))).toMatchObject({
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
  const pool = app.pool({ logger, loginBudgetMillis: 50 });
  await pool.query('select 1');
  const next = await app.changePassword();
  await app.put(next);
  const source = secretCredentials(app.secretArn, { client: app.secretsManager.client });
  await source.refresh();
  await app.put({ username: app.user.username, password: '' });
  await expect(source.refresh()).rejects.toMatchObject({ code: 'InvalidSecret' });
  await app.changePassword();
  const other = app.pool({ logger, loginBudgetMillis: 50 });
  for (let query = 0; query < 3; query++) {
    await expect(other.query('select 1')).rejects.toMatchObject({ code: 'Authentication' });
  }
  expect(logged.filter(line => line.startsWith('the secret has a new version'))).toHaveLength(1);
  expect(logged.filter(line => line.startsWith('what was read before is used on')).length).toBeGreaterThan(0);
  expect(logged.filter(line => line.includes('refuses every version'))).toHaveLength(1);
  for (const { password } of [app.user, next]) expect(logged.join('\n')).not.toContain(password);
});
