import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { stats } from '../../../client/src/telemetry/stats';
import { Application } from '../support/fixture';
import { countSockets, type SocketCounter } from '../support/socket-counter';
import { until } from '../support/until';

const MAX = 4;
let app: Application;
let sockets: SocketCounter;
beforeEach(async () => {
  app = await Application.start();
  sockets = await countSockets(app.tenancy.port);
});
afterEach(async () => {
  await app.stop();
  await sockets.stop();
});

const whoAmI = 'select session_user::text as name';
const pool = (options: Parameters<Application['pool']>[0] = {}) =>
  app.pool({ max: MAX, port: sockets.port, ...options });
const replacements = (of: pg.Pool) => stats(of)!.replacements;

/** Opens all connections of a pool; they are idle then. */
async function filled(of: pg.Pool): Promise<pg.Pool> {
  const clients = await Promise.all(Array.from({ length: MAX }, () => of.connect()));
  for (const client of clients) client.release();
  return of;
}

/** A rotation with a new password that everybody hears of. */
async function rotate(): Promise<void> {
  await app.put(await app.changePassword());
  await app.source.refresh();
}

test('idle connections are replaced when the secret has a new version, though nobody asks for one', async () => {
  const one = await filled(pool({ idleTimeoutMillis: 0 }));
  const before = await pids(one);
  await rotate();
  await until(() => replacements(one) === MAX);
  expect((await pids(one)).filter(pid => before.includes(pid))).toEqual([]);
  expect(app.refusals).toBe(0);
  expect(sockets.open).toBe(MAX);
});

test(
  'at no time are there more connections than max and one, also under load, and no query waits for ' + 'a login',
  async () => {
    const one = await filled(pool({ idleTimeoutMillis: 0 }));
    let inFlight = true;
    const load = Promise.all(
      Array.from({ length: 3 * MAX }, async () => {
        while (inFlight) {
          await one.query('select pg_sleep(0.002)');
          await pause(1);
        }
      }),
    );
    const logins = () => stats(one)!.logins;
    const before = logins();
    await rotate();
    await until(() => replacements(one) === MAX);
    inFlight = false;
    await load;
    expect(logins() - before).toBe(MAX); // each of them ahead, none by a caller
    expect(sockets.most).toBe(MAX + 1);
  },
);

test('a version that a search found is taken by the idle connections, too', async () => {
  const one = await filled(pool({ idleTimeoutMillis: 0 }));
  const client = await one.connect();
  await app.put(await app.changePassword(), 'AWSPENDING');
  client.release(true);
  const clients = await Promise.all(Array.from({ length: MAX }, () => one.connect())); // one of them must log in
  for (const each of clients) each.release();
  await until(() => replacements(one) === MAX - 1);
  expect(app.refusals).toBe(1);
});

test('a connection that is lent is replaced when it comes back, between two queries', async () => {
  const one = pool({ max: 1 });
  const lent = await one.connect();
  await rotate();
  const waiting = one.connect();
  await until(() => stats(one)!.logins === 2); // the spare is there
  await expect(lent.query(whoAmI)).resolves.toMatchObject({ rows: [{ name: app.user.username }] });
  lent.release();
  await once(one, 'remove');
  const next = await waiting;
  next.release();
  await until(() => replacements(one) === 1);
  expect(sockets.most).toBe(2);
  expect(stats(one)!.logins).toBe(2);
});

test('a connection whose life is over is replaced first and closed then', async () => {
  const one = pool({ max: 1, maxLifetimeSeconds: 0.2 });
  const client = await one.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  client.release();
  await until(() => replacements(one) > 0);
  expect((await one.query('select pg_backend_pid() as pid')).rows).not.toEqual(rows);
  expect(sockets.most).toBe(2);
});

test('the life of a connection does not end a transaction', async () => {
  const one = pool({ max: 1, maxLifetimeSeconds: 0.1 });
  const client = await one.connect();
  await client.query('begin');
  const {
    rows: [{ pid }],
  } = await client.query('select pg_backend_pid() as pid');
  await until(() => stats(one)!.logins === 2); // its time is over: another was connected
  expect((await client.query('select pg_backend_pid() as pid')).rows).toEqual([{ pid }]);
  await client.query('commit');
  client.release();
  await until(() => replacements(one) > 0);
});

test('maxUses holds', async () => {
  const one = pool({ max: 1, maxUses: 2 });
  const seen = [];
  for (let query = 0; query < 6; query++) {
    seen.push((await one.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0].pid);
  }
  expect(new Set(seen).size).toBe(3);
});

test('where the role has no connection to spare, old ones make room, and no caller sees it', async () => {
  const one = await filled(pool({ idleTimeoutMillis: 0 }));
  const before = await pids(one);
  await app.asSuperuser(`ALTER ROLE ${app.user.username} CONNECTION LIMIT ${MAX}`);
  await rotate();
  await until(() => one.totalCount < MAX);
  await filled(one);
  expect((await pids(one)).filter(pid => !before.includes(pid)).length).toBeGreaterThan(0);
});

test('a spare that is lost before it is used harms nobody', async () => {
  const one = pool({ max: 1 });
  const lent = await one.connect();
  const {
    rows: [{ pid }],
  } = await lent.query('select pg_backend_pid() as pid');
  await rotate();
  await until(() => stats(one)!.logins === 2);
  await app.asSuperuser(
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${app.user.username}' and pid <> ${pid}`,
  );
  await until(() => sockets.open === 1); // the pool's side is closed too: it knows
  lent.release();
  expect((await one.query(whoAmI)).rows).toEqual([{ name: app.user.username }]);
  expect(one.totalCount).toBe(1);
});

test('a pool that ends while it replaces leaves no connection behind', async () => {
  const one = await filled(pool({ idleTimeoutMillis: 0 }));
  await rotate();
  await until(() => sockets.open === MAX + 1);
  await one.end();
  await until(() => sockets.open === 0);
});

test('a pool that ends while a spare waits for a lent connection leaves none behind', async () => {
  const one = pool({ max: 1 });
  const lent = await one.connect();
  await rotate();
  await until(() => stats(one)!.logins === 2);
  const ended = one.end();
  lent.release();
  await ended;
  await until(() => sockets.open === 0);
});

/** The server's processes behind the idle connections. */
async function pids(of: pg.Pool): Promise<number[]> {
  const clients = await Promise.all(Array.from({ length: of.idleCount }, () => of.connect()));
  const found = await Promise.all(
    clients.map(client => client.query<{ pid: number }>('select pg_backend_pid() as pid')),
  );
  for (const client of clients) client.release();
  return found.map(({ rows }) => rows[0].pid);
}
