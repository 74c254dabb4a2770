import { inspect } from 'node:util';
import pg from 'pg';
import { rotatingStream, type RotatingStreamOptions } from '../../../client/src/stream/rotating-stream';
import { Env } from '../../../src/contract';
import { randomPassword } from '../../local/postgres';
import { Application } from '../support/fixture';
import { until } from '../support/until';

let app: Application;
let clients: pg.Client[];
beforeEach(async () => {
  delete process.env[Env.DATABASE_URL];
  clients = [];
  app = await Application.start();
});
afterEach(async () => {
  await Promise.all(clients.map(client => client.end()));
  await app.stop();
});

const HOUR = 3_600_000;
const whoAmI = 'select session_user::text as name';
const stream = (options: RotatingStreamOptions = {}) =>
  rotatingStream({ secretId: app.secretArn, client: app.secretsManager.client, ...options });
async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  await client.connect();
  clients.push(client);
  return client;
}

test('a driver that gives no user and no password is logged in', async () => {
  const client = await connected({ stream: stream() });
  expect((await client.query(whoAmI)).rows).toEqual([{ name: app.user.username }]);
  expect((await client.query("select repeat('x', 3000000) as text")).rows[0].text).toHaveLength(3_000_000);
  expect((await client.query('select length($1) as n', ['y'.repeat(3_000_000)])).rows).toEqual([{ n: 3_000_000 }]);
});

test('what the driver asks of its session holds', async () => {
  const client = await connected({
    stream: stream(),
    application_name: 'two words',
    options: '-c work_mem=5MB',
    statement_timeout: 1234,
  });
  const { rows } = await client.query(
    "select current_setting('application_name') a, current_setting('work_mem') w, " +
      "current_setting('statement_timeout') s",
  );
  expect(rows).toEqual([{ a: 'two words', w: '5MB', s: '1234ms' }]);
});

test('the driver hears what the server says of itself', async () => {
  const client = new pg.Client({ stream: stream() });
  const said = new Map<string, string>();
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }) =>
    said.set(parameterName, parameterValue),
  );
  clients.push(client);
  await client.connect();
  expect(said.get('standard_conforming_strings')).toBe('on');
  expect(said.get('server_version')).toMatch(/^\d+/);
});

test('a new session follows a change of the user', async () => {
  const make = stream();
  await connected({ stream: make });
  const clone = { username: app.tenancy.name('app_clone'), password: randomPassword() };
  await app.createLogin(clone);
  await app.put(clone);
  await app.asSuperuser(`ALTER ROLE ${app.user.username} NOLOGIN`);
  expect((await (await connected({ stream: make })).query(whoAmI)).rows).toEqual([{ name: clone.username }]);
});

test('a login in the gap of a rotation uses AWSPENDING', async () => {
  const make = stream();
  await connected({ stream: make });
  await app.put(await app.changePassword(), 'AWSPENDING');
  await Promise.all(Array.from({ length: 10 }, () => connected({ stream: make })));
  expect(app.reads).toBe(3);
  const { refusals } = app;
  await connected({ stream: make });
  expect(app.refusals).toBe(refusals);
});

test('a query is cancelled by the key that the driver was told', async () => {
  const make = stream();
  const [busy, other] = [await connected({ stream: make }), await connected({ stream: make })];
  const cancelled = busy.query('select pg_sleep(60)');
  const running =
    "select count(*)::int as n from pg_stat_activity where query = 'select pg_sleep(60)' and state = " +
    "'active' and usename = session_user";
  await until(async () => (await other.query(running)).rows[0].n === 1);
  const { processID, secretKey } = busy as unknown as { processID: number; secretKey: number };
  const message = Buffer.alloc(16);
  [16, 80877102, processID, secretKey].forEach((value, i) => message.writeInt32BE(value, 4 * i));
  const canceller = make();
  const closed = new Promise(resolve => canceller.once('close', resolve));
  canceller.write(message);
  canceller.resume();
  await expect(cancelled).rejects.toMatchObject({ code: '57014' });
  await closed;
});

test('a session that the server ends is ended for the driver', async () => {
  const client = await connected({ stream: stream() });
  const ended = new Promise(resolve => client.once('end', resolve));
  const error = new Promise<Error>(resolve => client.on('error', resolve)); // pg says two
  const {
    rows: [{ pid }],
  } = await client.query('select pg_backend_pid() as pid');
  await app.asSuperuser(`SELECT pg_terminate_backend(${pid})`);
  expect(await error).toMatchObject({ code: '57P01' });
  await ended;
});

test('when every version is refused, the driver gets the error that says so, and no secret', async () => {
  const changed = await app.changePassword();
  const failed: Promise<Error> = connected({ stream: stream({ loginBudgetMillis: HOUR }) }).then(
    () => {
      throw new Error('logged in');
    },
    caught => caught,
  );
  await until(() => app.refusals > 0); // however long that takes
  const now = performance.now.bind(performance);
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + HOUR);
  const error = await failed;
  clock.mockRestore();
  expect(error).toMatchObject({ code: 'Authentication', cause: { code: '28P01' } });
  for (const { password } of [app.user, changed]) {
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(password);
  }
});

test('a driver that gives up leaves no session behind', async () => {
  const make = stream();
  await app.changePassword();
  await expect(connected({ stream: make, connectionTimeoutMillis: 100 })).rejects.toThrow('timeout expired');
  await app.changePassword(app.user.password);
  const sessions = `select count(*)::int as n from pg_stat_activity where usename = '${app.user.username}'`;
  await connected({ stream: make }); // tells the login that nobody waits for any more
  const watcher = await connected({ stream: make });
  await until(async () => (await watcher.query(sessions)).rows[0].n === 2);
});

test('a driver that wants TLS itself is told what to set', async () => {
  await expect(connected({ stream: stream(), ssl: true })).rejects.toMatchObject({
    code: 'Configuration',
    message: expect.stringContaining('"ssl"'),
  });
});

test('nothing that is secret shows', async () => {
  const make = stream();
  const client = await connected({ stream: make });
  for (const shown of [make, client, client.connection.stream]) {
    expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain(app.user.password);
  }
});

test('a connection string is used as it is', async () => {
  const {
    admin: { username, password },
    port,
    database,
    caFile,
  } = app.tenancy;
  process.env[Env.DATABASE_URL] =
    `postgres://${username}:${password}@localhost:${port}/${database}?sslmode=verify-full&sslrootcert=${caFile}`;
  const client = await connected({ stream: rotatingStream() });
  expect((await client.query(whoAmI)).rows).toEqual([{ name: username }]);
  expect(app.reads).toBe(0);
});
