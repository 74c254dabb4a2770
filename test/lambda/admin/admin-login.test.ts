import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sameAddress, sameCluster } from '../../../lambda/admin/same-server';
import { scramVerifier } from '../../../lambda/credential/scram';
import type { SecretValue } from '../../../src/contract';
import { createAuthority } from '../../local/certificate';
import { OwnServer } from '../../local/own-server';
import { type LocalPostgres, type Login, startPostgres, withClient } from '../../local/postgres';
import { type PostgresProxy, startPostgresProxy } from '../../local/postgres-proxy';
import type { Call } from '../../local/secrets-manager';
import { newTenancy, type Tenancy } from '../../local/servers';
import { type Rig, startRig } from '../support/rig';

let server: LocalPostgres;
let replica: OwnServer;
let rig: Rig;
/** Another database, behind a certificate of another authority. */
let elsewhere: Tenancy;
let proxy: PostgresProxy;
let directory: string;
/** Called after each call of Secrets Manager. */
let after: ((call: Call) => unknown) | undefined;

beforeAll(async () => {
  server = await startPostgres();
  replica = await new OwnServer(server).startReplica(await freePort(), '1s');
  // Servers of the tests have authorities of one name, of which OpenSSL would try the first only.
  const authority = await createAuthority('An authority of the test');
  elsewhere = await newTenancy();
  proxy = await startPostgresProxy(elsewhere, await authority.issue('localhost'), {});
  directory = mkdtempSync(join(tmpdir(), 'admin-login-'));
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, `${readFileSync(server.caFile, 'utf8')}\n${authority.certificate}`);
  rig = await startRig({ after: call => after?.(call) }, { ...server, caFile });
}, 30_000);
afterEach(() => {
  after = undefined;
});
afterAll(async () => {
  await rig.stop();
  await proxy.stop();
  await replica.stop();
  await server.stop();
  rmSync(directory, { recursive: true });
});

let users = 0;
/** A user of the rig's admin, with a secret. */
async function user(fields: Partial<SecretValue>): Promise<Login & { secret: string }> {
  const login = { username: rig.name(`u${users++}`), password: 'known-password' };
  await rig.inspect(
    `CREATE ROLE "${login.username}" LOGIN PASSWORD '${await scramVerifier(login.password, null)}' ` +
      `ADMIN "${rig.admin.username}"`,
  );
  return { ...login, secret: await rig.createSecret('user', rig.value(login, fields)) };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await once(probe.listen(0, '127.0.0.1'), 'listening');
  const { port } = probe.address() as AddressInfo;
  await once(probe.close(), 'close');
  return port;
}

async function adminSecret(change: (value: SecretValue) => object): Promise<string> {
  return rig.createSecret('admin', change(rig.value(await rig.read(rig.adminSecret))));
}

test.each([
  ["of AWS's shape", (value: SecretValue) => value],
  [
    'that RDS manages, with a user name and a password only',
    ({ username, password }: SecretValue) => ({ username, password }),
  ],
  ['whose host differs in case', (value: SecretValue) => ({ ...value, host: 'LocalHost' })],
  ['without a database', ({ dbname: _, ...value }: SecretValue) => value],
])('an admin secret %s serves both logins', async (_, change) => {
  const { secret, username } = await user({ masterarn: await adminSecret(change) });
  for (const expected of [`${username}_clone`, username]) {
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(await rig.read(secret)).toMatchObject({ username: expected });
    expect(await rig.query(secret, 'SELECT session_user AS me')).toEqual([{ me: expected }]);
  }
});

test('an admin of another database is refused, though it logs in', async () => {
  const { secret, username } = await user({
    masterarn: await adminSecret(value => ({ ...value, ...elsewhere.admin, port: proxy.port })),
  });
  expect(await rig.secrets.rotate(secret)).toMatchObject({
    ok: false,
    step: 'setSecret',
    error: { errorType: 'InvalidSecret', errorMessage: expect.stringContaining('which is another database') },
  });
  expect(await rig.inspect('SELECT FROM pg_roles WHERE rolname = $1', [`${username}_clone`])).toEqual([]);
});

test('at an admin secret of another host, an application that does not log in at its own proves nothing', async () => {
  const { secret, username } = await user({ masterarn: rig.adminSecret, port: replica.server.port });
  await rig.inspect(`ALTER ROLE "${username}" NOLOGIN`);
  await replayed();
  expect(await rig.secrets.rotate(secret)).toMatchObject({
    ok: false,
    step: 'setSecret',
    error: { errorType: 'InvalidSecret', errorMessage: expect.stringContaining('cannot be shown to be one database') },
  });
});

/** Waits until the replica has replayed what the writer has written so far. */
async function replayed(): Promise<void> {
  const [{ lsn }] = await rig.inspect('SELECT pg_current_wal_flush_lsn()::text AS lsn');
  await withClient(replica.server, server.superuser, 'postgres', async client => {
    for (let done = false; !done;) {
      ({
        rows: [{ done }],
      } = await client.query('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done', [lsn]));
    }
  });
}

describe('a secret that names a read replica', () => {
  test('rotates: the admin works at the writer, and the replica is waited for', async () => {
    const { secret, username } = await user({ masterarn: rig.adminSecret, port: replica.server.port });
    await replayed();
    for (const expected of [`${username}_clone`, username, `${username}_clone`]) {
      expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
      const { password, ...value } = await rig.read(secret);
      expect(value).toMatchObject({ username: expected, port: replica.server.port });
      const asConsumer = withClient(replica.server, { username: expected, password }, rig.database, async client =>
        client.query('SELECT pg_is_in_recovery() AS replica'),
      );
      expect((await asConsumer).rows).toEqual([{ replica: true }]);
    }
    const refused = readFileSync(replica.server.logFile, 'utf8')
      .split('\n')
      .filter(line => line.includes(`authentication failed for user "${username}`));
    expect(refused.length).toBeGreaterThan(0); // else nothing was waited for
  }, 30_000);

  test('is given up on when the replica stays behind, and rotates when it has caught up', async () => {
    const { secret, username, password } = await user({ masterarn: rig.adminSecret, port: replica.server.port });
    await replayed();
    await replica.query('SELECT pg_wal_replay_pause()');
    const behind = await rig.secrets.rotate(secret);
    expect(behind).toMatchObject({ ok: false, step: 'testSecret', error: { errorType: 'Authentication' } });
    expect(await rig.read(secret)).toMatchObject({ username, password });
    const refused = readFileSync(replica.server.logFile, 'utf8')
      .split('\n')
      .filter(line => line.includes(`authentication failed for user "${username}`));
    expect(refused.length).toBeLessThanOrEqual(6);
    await replica.query('SELECT pg_wal_replay_resume()');
    expect(await rig.secrets.retry(secret, behind.token)).toMatchObject({ ok: true });
  }, 30_000);

  test('of a single user is told that it can be read only', async () => {
    const { secret } = await user({ port: replica.server.port });
    await replayed();
    expect(await rig.secrets.rotate(secret)).toMatchObject({
      ok: false,
      step: 'setSecret',
      error: { errorType: 'ReadOnly', errorMessage: expect.stringContaining('read replica') },
    });
  });

  test('that was promoted is refused: it is a database of its own now', async () => {
    const { secret } = await user({ masterarn: rig.adminSecret, port: replica.server.port });
    await replayed();
    await replica.query('SELECT pg_promote()');
    expect(await rig.secrets.rotate(secret)).toMatchObject({
      ok: false,
      step: 'setSecret',
      error: { errorType: 'InvalidSecret', errorMessage: expect.stringContaining('which is another database') },
    });
  }, 20_000);
});

describe('while the admin is rotated', () => {
  test.each(['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const)(
    'and is killed before %s, an application rotates',
    async stop => {
      const { secret } = await user({ masterarn: rig.adminSecret });
      const killed = await rig.secrets.rotate(rig.adminSecret, {
        beforeStep: step => {
          if (step === stop) throw new Error('killed');
        },
      });
      expect(killed).toMatchObject({ ok: false, step: stop });
      for (let n = 0; n < 2; n++) expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
      expect(await rig.secrets.retry(rig.adminSecret, killed.token)).toMatchObject({ ok: true });
      expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    },
  );

  test('and no version that can be read logs in yet, an application waits for it', async () => {
    const { secret } = await user({ masterarn: rig.adminSecret });
    const { username, password } = await rig.read(rig.adminSecret);
    const set = async (text: string) =>
      rig.inspect(`ALTER ROLE "${username}" PASSWORD '${await scramVerifier(text, null)}'`);
    await set('of-a-version-that-cannot-be-read-yet');
    let reads = 0;
    after = async ({ action, request }) => {
      // two rounds were refused
      if (action === 'GetSecretValue' && request.SecretId === rig.adminSecret && ++reads === 4) await set(password);
    };
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(reads).toBeGreaterThanOrEqual(4);
  });
});

test.each([
  ['orders.cluster-abc.eu-west-1.rds.amazonaws.com', 'orders.cluster-ro-abc.eu-west-1.rds.amazonaws.com', true],
  ['Orders.cluster-abc.eu-west-1.rds.amazonaws.com', 'orders.cluster-RO-abc.eu-west-1.rds.amazonaws.com', true],
  ['orders.cluster-abc.cn-north-1.rds.amazonaws.com.cn', 'orders.cluster-ro-abc.cn-north-1.rds.amazonaws.com.cn', true],
  ['orders.cluster-abc.eu-west-1.rds.amazonaws.com', 'others.cluster-ro-abc.eu-west-1.rds.amazonaws.com', false],
  ['orders.cluster-abc.eu-west-1.rds.amazonaws.com', 'orders.cluster-ro-abd.eu-west-1.rds.amazonaws.com', false],
  ['orders.cluster-abc.eu-west-1.rds.amazonaws.com', 'orders.cluster-ro-abc.eu-west-2.rds.amazonaws.com', false],
  ['orders.cluster-abc.eu-west-1.rds.amazonaws.com', 'orders.cluster-custom-abc.eu-west-1.rds.amazonaws.com', false],
  ['orders.abc.eu-west-1.rds.amazonaws.com', 'orders.abc.eu-west-1.rds.amazonaws.com', false],
  [
    'orders.cluster-abc.eu-west-1.rds.amazonaws.com',
    'orders.cluster-ro-abc.eu-west-1.rds.amazonaws.com.example.com',
    false,
  ],
])('%s and %s are one cluster by their names: %p', (a, b, same) => {
  expect(sameCluster({ host: a, port: 5432 }, { host: b, port: 5432 })).toBe(same);
  expect(sameCluster({ host: a, port: 5432 }, { host: b, port: 5433 })).toBe(false);
  expect(sameAddress({ host: a, port: 5432 }, { host: b, port: 5432 })).toBe(a === b);
});
