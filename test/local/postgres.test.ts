import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { forkTypeScript } from './fork';
import { PostgresServer, withClient } from './postgres';
import { newTenancy, Tenancy } from './servers';

let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await newTenancy();
});

const connect = async (ssl: boolean | object, login = tenancy.admin) => {
  const { host, port, database } = tenancy;
  const client = new Client({ host, port, database, user: login.username, password: login.password, ssl });
  await client.connect().finally(async () => {
    await client.end();
  });
};

test('is PostgreSQL 18, over TLS that its authority vouches for', async () => {
  const { rows } = await withClient(tenancy, tenancy.admin, tenancy.database, async client =>
    client.query(
      "SELECT current_setting('server_version_num')::int / 10000 AS major, ssl FROM pg_stat_ssl WHERE pid " +
        '= pg_backend_pid()',
    ),
  );
  expect(rows).toEqual([{ major: 18, ssl: true }]);
  await expect(connect({ rejectUnauthorized: true })).rejects.toMatchObject({
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  });
});

test('refuses a connection without TLS, and a wrong password', async () => {
  await expect(connect(false)).rejects.toMatchObject({
    code: '28000',
    message: expect.stringContaining('no encryption'),
  });
  await expect(
    connect({ ca: readFileSync(tenancy.caFile) }, { ...tenancy.admin, password: 'wrong' }),
  ).rejects.toMatchObject({ code: '28P01' });
});

test(
  'the admin owns its database and may create roles, but is no superuser and does not reach ' + 'other roles',
  async () => {
    const role = tenancy.name('app');
    await withClient(tenancy, tenancy.admin, tenancy.database, async client => {
      expect(
        (await client.query('SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user'))
          .rows,
      ).toEqual([{ rolsuper: false, rolcreaterole: true, rolcreatedb: true }]);
      await client.query(`CREATE ROLE ${role} LOGIN; CREATE TABLE public.t (); DROP TABLE public.t`);
      await expect(client.query('ALTER ROLE rdsadmin NOLOGIN')).rejects.toMatchObject({ code: '42501' });
      await expect(client.query('ALTER ROLE postgres NOLOGIN')).rejects.toMatchObject({ code: '42501' });
    });
  },
);

test('the log shows statements of roles, and none of the passwords that the harness set', async () => {
  const log = readFileSync(tenancy.logFile, 'utf8');
  expect(log).toContain(`CREATE ROLE ${tenancy.name('app')}`);
  expect(log).not.toContain(tenancy.admin.password);
});

test('goes away with the process that started it, even if that is killed', async () => {
  const child = forkTypeScript(join(__dirname, 'fixtures', 'abandon-postgres.ts'));
  const [server] = (await once(child, 'message')) as [PostgresServer];
  const client = new Client({
    host: server.host,
    port: server.port,
    user: server.admin.username,
    password: server.admin.password,
    database: 'postgres',
    ssl: { ca: readFileSync(server.caFile) },
  });
  await client.connect();
  const gone = once(client, 'error');
  child.kill('SIGKILL');
  await gone;
});
