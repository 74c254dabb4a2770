import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Answer, Order } from './subject';
import { Env } from '../../../src/contract';
import { randomPassword, withClient } from '../../local/postgres';
import { Application } from '../support/fixture';

/** Each is a file of examples/client; what it imports is what `npm ci` put there. */
const LIBRARIES = [
  'pg',
  'drizzle',
  'kysely',
  'prisma',
  'typeorm',
  'knex',
  'sequelize',
  'mikro-orm',
  'pg-promise',
  'postgres-js',
];
const EXAMPLES = join(__dirname, '..', '..', '..', 'examples', 'client');

interface Row {
  readonly name: string;
  readonly pid: number;
  readonly xid: string;
}
/** Waits while somebody holds the lock, so that a test decides how many queries are under way at once. */
const LOCK = 1;
const WHO =
  'select session_user::text as name, pg_backend_pid() as pid, pg_current_xact_id()::text as xid' +
  ` from pg_advisory_xact_lock_shared(${LOCK})`;

jest.setTimeout(30_000); // a process that compiles and loads a library

let app: Application;
let child: ChildProcess | undefined;
beforeEach(async () => {
  app = await Application.start();
});
afterEach(async () => {
  child?.kill();
  await app.stop();
});

async function start(library: string): Promise<void> {
  child = fork(join(__dirname, 'subject.ts'), [join(EXAMPLES, `${library}.ts`)], {
    execArgv: ['--import', 'tsx'],
    env: {
      PATH: process.env.PATH,
      ...app.secretsManager.environment,
      [Env.SECRET_ARN]: app.secretArn,
      [Env.EXTRA_CA_CERTS]: app.tenancy.caFile,
    },
  });
  await message();
}

async function message(): Promise<unknown> {
  const over = new AbortController();
  try {
    return await Promise.race([
      once(child!, 'message', { signal: over.signal }).then(([said]) => said),
      once(child!, 'exit', { signal: over.signal }).then(([code, signal]) => {
        throw new Error(`the example ended: ${code ?? signal}`);
      }),
    ]);
  } finally {
    over.abort();
  }
}

async function run<T>(order: Order): Promise<T[]> {
  child!.send(order);
  const answer = (await message()) as Answer;
  if ('error' in answer) throw new Error(answer.error);
  return answer.results as T[];
}

/** Queries at once, each on a connection of its own: none is answered before all have reached PostgreSQL. */
const queries = (times: number): Promise<Row[]> =>
  withClient(app.tenancy, app.tenancy.superuser, app.tenancy.database, async client => {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    const rows = run<Row[]>({ times, texts: [WHO], transaction: false });
    while ((await client.query(WAITING)).rows.length < times) await Promise.race([setTimeout(20), rows]);
    await client.query('select pg_advisory_unlock($1)', [LOCK]);
    return (await rows).flat();
  });
const transactions = (times: number) => run<Row[][]>({ times, texts: [WHO, WHO], transaction: true });
const WAITING = `select from pg_locks where locktype = 'advisory' and not granted
  and database = (select oid from pg_database where datname = current_database())`;
const distinct = (values: unknown[]) => new Set(values).size;

describe.each(LIBRARIES)('%s', library => {
  test('follows a change of the user', async () => {
    await start(library);
    const before = await queries(1);
    expect(before.map(({ name }) => name)).toEqual([app.user.username]);

    const clone = { username: app.tenancy.name('app_clone'), password: randomPassword() };
    await app.createLogin(clone);
    await app.put(clone);
    await app.asSuperuser(`ALTER ROLE ${app.user.username} NOLOGIN`);
    const after = await queries(5);
    // A connection that was open stays: PostgreSQL does not end a session because its login changed.
    const opened = after.filter(({ pid }) => pid !== before[0].pid);
    expect(opened.length).toBeGreaterThanOrEqual(4);
    expect(new Set(opened.map(({ name }) => name))).toEqual(new Set([clone.username]));
  });

  test('survives the gap of a rotation of a single user, also in transactions', async () => {
    await start(library);
    await queries(1);
    const next = await app.changePassword();
    await app.put(next, 'AWSPENDING');
    const rows = await queries(5);
    expect(distinct(rows.map(({ pid }) => pid))).toBe(5);
    await app.put(next);

    await app.put(await app.changePassword(), 'AWSPENDING');
    const done = await transactions(20);
    for (const [[first], [second]] of done) expect(second).toEqual(first);
    expect(distinct(done.map(([[{ xid }]]) => xid))).toBe(20);
  });

  test('ends', async () => {
    await start(library);
    await queries(2);
    const exit = once(child!, 'exit');
    child!.send('close');
    expect(await exit).toEqual([0, null]);
  });
});
