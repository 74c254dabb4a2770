import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { scramVerifier } from '../../../lambda/credential/scram';
import { databaseError } from '../../../lambda/postgres/postgres-errors';
import { ErrorCode, type SecretValue } from '../../../src/contract';
import { FunctionProcess } from '../../local/function-process';
import { type Login, withClient } from '../../local/postgres';
import { PENDING, ServiceError } from '../../local/secret';
import { type Rig, startRig } from '../support/rig';

let rig: Rig;
/** What Secrets Manager answers from now on. */
let refusal: Error | undefined;
beforeAll(async () => {
  rig = await startRig({
    before: () => {
      if (refusal) throw refusal;
    },
  });
}, 30_000);
afterAll(() => rig.stop());

let users = 0;
async function user(fields: Partial<SecretValue> = {}): Promise<Login & { secret: string }> {
  const login = { username: rig.name(`u${users++}`), password: 'known-password' };
  await rig.inspect(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${await scramVerifier(login.password, null)}'`);
  return { ...login, secret: await rig.createSecret('user', rig.value(login, fields)) };
}

const CAUSES: readonly (readonly [string, string, string, (login: Login) => string, Partial<SecretValue>])[] = [
  [
    'a host whose name does not resolve',
    'Dns',
    'no-such-host.invalid:',
    () => 'SELECT 1',
    { host: 'no-such-host.invalid' },
  ],
  [
    'a port where nothing listens',
    'DatabaseUnreachable',
    'cannot reach localhost:1: ECONNREFUSED',
    () => 'SELECT 1',
    { port: 1 },
  ],
  [
    'a database that is not there',
    'DatabaseMissing',
    'no database "nowhere" (3D000)',
    () => 'SELECT 1',
    { dbname: 'nowhere' },
  ],
  [
    'a login with all its connections in use',
    'ConnectionLimit',
    '(53300)',
    ({ username }) => `ALTER ROLE "${username}" CONNECTION LIMIT 0`,
    {},
  ],
  [
    'a login that the database refuses',
    'Privilege',
    'lacks a privilege in database',
    () => `REVOKE CONNECT ON DATABASE "${rig.database}" FROM public`,
    {},
  ],
  [
    'a password that nobody knows',
    'Authentication',
    'no version of the secret logs in',
    ({ username }) => `ALTER ROLE "${username}" PASSWORD 'another'`,
    {},
  ],
  ['a login that may not log in', 'Authentication', '', ({ username }) => `ALTER ROLE "${username}" NOLOGIN`, {}],
];

test.each(CAUSES)('%s ends with the code %s, and changes nothing', async (_, errorType, message, break_, fields) => {
  const { secret, ...login } = await user(fields);
  const stored = () => rig.inspect('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [login.username]);
  await rig.inspect(break_(login));
  const before = await stored();
  const { error } = await rig.secrets.rotate(secret);
  await rig.inspect(`GRANT CONNECT ON DATABASE "${rig.database}" TO public`);
  expect(error).toMatchObject({ errorType, errorMessage: expect.stringContaining(message) });
  expect(await stored()).toEqual(before);
  expect(await rig.read(secret)).toMatchObject(login);
});

test('a token that is not pending while another version is, is told with that version', async () => {
  const { secret } = await user();
  const failed = await rig.secrets.rotate(secret, {
    beforeStep: step => {
      if (step === 'testSecret') throw new Error('cut short');
    },
  });
  await expect(
    rig.rotation.invoke({ Step: 'setSecret', SecretId: secret, ClientRequestToken: randomUUID() }),
  ).rejects.toMatchObject({
    errorType: 'StuckPending',
    errorMessage: expect.stringContaining(`${failed.token} still is`),
  });
  expect(await rig.secrets.retry(secret, failed.token)).toMatchObject({ ok: true });
  await expect(
    rig.rotation.invoke({ Step: 'setSecret', SecretId: secret, ClientRequestToken: randomUUID() }),
  ).rejects.toMatchObject({ errorType: 'NotPending', errorMessage: expect.stringContaining(PENDING) });
});

test.each([
  ['refused', 'SecretsManager', 'AccessDeniedException: no', new ServiceError('AccessDeniedException', 'no')],
  ['cut off', 'SecretsManagerUnreachable', 'had no answer', new Error('the connection breaks')],
])('a call of Secrets Manager that is %s has the code %s', async (_, errorType, message, error) => {
  refusal = error;
  const result = rig.rotation.invoke({
    Step: 'setSecret',
    SecretId: rig.adminSecret,
    ClientRequestToken: randomUUID(),
  });
  await expect(result).rejects.toMatchObject({ errorType, errorMessage: expect.stringContaining(message) });
  refusal = undefined;
});

test.each([
  ['a name that does not resolve', 'http://no-such-endpoint.invalid', 'ENOTFOUND'],
  ['a port where nothing listens', 'http://127.0.0.1:1', 'ECONNREFUSED'],
])('an endpoint at %s is unreachable, and the reason is told', async (_, endpoint, reason) => {
  const astray = new FunctionProcess('rotation', {
    ...rig.secrets.environment,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
  });
  try {
    await expect(
      astray.invoke({ Step: 'setSecret', SecretId: rig.adminSecret, ClientRequestToken: randomUUID() }),
    ).rejects.toMatchObject({ errorType: 'SecretsManagerUnreachable', errorMessage: expect.stringContaining(reason) });
  } finally {
    await astray.stop();
  }
});

test('an answer that is not JSON is not quoted, for it may hold the secret', async () => {
  const password = 'pw-in-body'; // as much as the parser quotes
  const broken = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(password);
  });
  await once(broken.listen(0, '127.0.0.1'), 'listening');
  const endpoint = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
  const misled = new FunctionProcess('rotation', {
    ...rig.secrets.environment,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
  });
  try {
    const failed = misled.invoke({ Step: 'setSecret', SecretId: rig.adminSecret, ClientRequestToken: randomUUID() });
    await expect(failed).rejects.toMatchObject({
      errorType: expect.stringMatching(/^SecretsManager/),
      errorMessage: expect.not.stringContaining(password),
    });
    expect(misled.output).not.toContain(password);
  } finally {
    await misled.stop();
    broken.close();
  }
});

test.each([
  ['a statement that takes too long', ErrorCode.TIMEOUT, "SET statement_timeout = '1ms'; SELECT pg_sleep(1)"],
  ['a change on a replica', ErrorCode.READ_ONLY, 'BEGIN READ ONLY; CREATE TABLE t (c int)'],
  ['a session that the server ends', ErrorCode.DATABASE_UNREACHABLE, 'SELECT pg_terminate_backend(pg_backend_pid())'],
  ['what nobody foresaw', ErrorCode.DATABASE, 'SELECT 1 / 0'],
])('%s has the code %s', async (_, code, text) => {
  const cause = await withClient(rig, rig.superuser, 'postgres', async client => {
    client.on('error', () => undefined);
    return client.query(text).catch(error => error);
  });
  expect(databaseError(cause, rig.value(rig.superuser) as never, 'postgres')).toMatchObject({ code });
});

test('a message that an extension wrote shows no password and no verifier', async () => {
  const verifier = await scramVerifier('another', null);
  const text =
    `DO $do$ BEGIN RAISE EXCEPTION 'weak: % % md5%', '${rig.admin.password}', '${verifier}', ` +
    "repeat('a0', 16); END $do$";
  const cause = await withClient(rig, rig.admin, 'postgres', client => client.query(text).catch(error => error));
  const { message } = databaseError(cause, { ...rig.admin, host: 'h', port: 1 }, 'postgres');
  expect(message).toMatch(/\(P0001\): weak: … … …$/);
});

test('where a name has several addresses, the first error is told', () => {
  const cause = new AggregateError([Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })]);
  expect(databaseError(cause, { host: 'h', port: 1, username: 'u', password: 'p' }, 'd')).toMatchObject({
    code: ErrorCode.DATABASE_UNREACHABLE,
    message: 'cannot reach h:1: ECONNREFUSED',
  });
});
