import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Credential } from '../../../client/src/shared/secret-value';
import { scramVerifier } from '../../../lambda/credential/scram';
import { transport } from '../../../lambda/postgres/transport';
import type { SecretValue } from '../../../src/contract';
import { type Authority, createAuthority } from '../../local/certificate';
import { Answer, startFakeServer } from '../../local/fake-server';
import { FunctionProcess } from '../../local/function-process';
import { OwnServer } from '../../local/own-server';
import { type LocalPostgres, type Login, startPostgres } from '../../local/postgres';
import type { RunOptions } from '../../local/rotation-run';
import { type Rig, startRig } from '../support/rig';

const TLS = 'hostssl all all all scram-sha-256';
const PASSWORD = 'a-password-that-must-not-be-sent';

let server: LocalPostgres;
let own: OwnServer;
let rig: Rig;
let authority: Authority;
let directory: string;
/** The function as its owner allows it to log in. */
let allowing: Record<'nothing' | 'md5' | 'plaintext' | 'both', FunctionProcess>;
const functions = () => Object.values(allowing);

beforeAll(async () => {
  server = await startPostgres();
  own = new OwnServer(server);
  rig = await startRig({}, server);
  authority = await createAuthority('An authority of the test');
  directory = mkdtempSync(join(tmpdir(), 'transport-'));
  const roots = join(directory, 'ca.pem');
  writeFileSync(roots, `${readFileSync(server.caFile, 'utf8')}\n${authority.certificate}`);
  const process = (environment: Record<string, string>) =>
    new FunctionProcess('rotation', { ...rig.secrets.environment, NODE_EXTRA_CA_CERTS: roots, ...environment });
  const [md5, plaintext] = [{ ROTATING_POSTGRES_ALLOW_MD5: 'true' }, { ROTATING_POSTGRES_ALLOW_PLAINTEXT: 'true' }];
  allowing = {
    nothing: process({}),
    md5: process(md5),
    plaintext: process(plaintext),
    both: process({ ...md5, ...plaintext }),
  };
}, 30_000);
afterEach(() => own.setRules(TLS));
afterAll(async () => {
  await Promise.all(functions().map(process => process.stop()));
  await rig.stop();
  await server.stop();
  rmSync(directory, { recursive: true });
});

/** Has that function do what takes a login, before the rig's own finds it done. */
const doneBy = (by: FunctionProcess): RunOptions => ({
  beforeStep: async (step, event) => {
    if (step === 'setSecret' || step === 'testSecret') await by.invoke(event);
  },
});
const rotate = async (secret: string, by: FunctionProcess) => rig.secrets.rotate(secret, doneBy(by));

let users = 0;
async function user(
  fields: Partial<SecretValue> = {},
  verifier?: (login: Login) => string,
): Promise<Login & { secret: string }> {
  const login = { username: rig.name(`u${users++}`), password: PASSWORD };
  await rig.inspect(
    `CREATE ROLE "${login.username}" LOGIN PASSWORD ` +
      `'${verifier?.(login) ?? (await scramVerifier(login.password, null))}'`,
  );
  return { ...login, secret: await rig.createSecret('user', rig.value(login, fields)) };
}

/** How each of the user's logins came, as the server's log has it. */
function encryption(username: string): string[] {
  return own
    .log()
    .split('\n')
    .filter(line => line.includes(`connection authorized: user=${username} `))
    .map(line => (line.includes('SSL enabled') ? 'TLS' : 'plaintext'));
}

const md5 = ({ username, password }: Login) =>
  `md5${createHash('md5')
    .update(password + username)
    .digest('hex')}`;
const verifierOf = async (username: string) =>
  (await rig.inspect('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [username]))[0].rolpassword;

test.each([
  [false, true],
  ['false', true],
  ['False', true],
  ['FALSE', true],
  [true, false],
  ['true', false],
  ['TRUE', false],
  ['no', false],
  ['', false],
  [0, false],
  [null, false],
  [undefined, false],
])('`ssl` %p asks for plaintext: %p', (ssl, plaintext) => {
  const credential = { host: 'localhost', ssl } as Credential;
  const verified = expect.objectContaining({ rejectUnauthorized: true });
  expect(transport(credential, { allowMd5: false, allowPlaintext: true })).toEqual(plaintext ? false : verified);
  expect(transport(credential, { allowMd5: false, allowPlaintext: false })).toEqual(verified);
});

test("a connection without TLS takes both the secret and the function's owner", async () => {
  await own.setRules('host all all all scram-sha-256');
  for (const [ssl, by, expected] of [
    ['False', 'plaintext', 'plaintext'],
    [false, 'nothing', 'TLS'],
    [false, 'md5', 'TLS'],
    [undefined, 'plaintext', 'TLS'],
    ['true', 'plaintext', 'TLS'],
  ] as const) {
    const { username, secret } = await user({ ssl });
    expect([ssl, by, await rotate(secret, allowing[by])]).toMatchObject([ssl, by, { ok: true }]);
    expect([ssl, by, encryption(username)[0]]).toEqual([ssl, by, expected]);
    expect(await rig.read(secret)).toMatchObject(ssl === undefined ? {} : { ssl });
  }
  expect(allowing.plaintext.output).toContain('not encrypted');
});

test.each(['nothing', 'plaintext'] as const)(
  'a server without TLS gets nothing from a secret that does not ask for that (%s allowed)',
  async by => {
    const fake = await startFakeServer([Answer.CLEARTEXT]);
    try {
      const { secret } = await user({ port: fake.port });
      expect(await rotate(secret, allowing[by])).toMatchObject({
        ok: false,
        step: 'setSecret',
        error: { errorType: 'Tls' },
      });
      expect(fake.received()).toBe('');
    } finally {
      fake.close();
    }
  },
);

test('a certificate that is not trusted is not answered with plaintext', async () => {
  const fake = await startFakeServer([], await createAuthority('An authority that nobody trusts'));
  try {
    const { secret } = await user({ port: fake.port, ssl: 'no' });
    expect(await rotate(secret, allowing.both)).toMatchObject({
      ok: false,
      step: 'setSecret',
      error: { errorType: 'Tls' },
    });
    expect(fake.received()).toBe('');
  } finally {
    fake.close();
  }
});

describe.each([
  ['over TLS', true, 'nothing'],
  ['without TLS', false, 'both'],
] as const)('a server %s', (_, tls, by) => {
  test.each([
    ['asks for the password in the clear', [Answer.CLEARTEXT]],
    ['asks for the password as MD5', [Answer.MD5]],
    ['lets a login pass without SCRAM', [Buffer.concat([Answer.OK, Answer.READY])]],
    ['asks for the password in the clear', [Answer.SASL, Answer.CLEARTEXT]],
    ['asks for the password as MD5', [Answer.SASL, Answer.MD5]],
    ['lets a login pass without SCRAM', [Answer.SASL, Buffer.concat([Answer.OK, Answer.READY])]],
  ])('that %s gets no password, and no rotation (%#)', async (message, answers) => {
    const fake = await startFakeServer(answers, tls ? authority : undefined);
    try {
      const { secret } = await user({ port: fake.port, ssl: tls });
      expect(await rotate(secret, allowing[by])).toMatchObject({
        ok: false,
        step: 'setSecret',
        error: { errorType: 'Scram', errorMessage: expect.stringContaining(message) },
      });
      expect(fake.received()).toContain('user\0'); // it came as far as the start-up message
      for (const text of [PASSWORD, 'md5', 'ALTER ROLE']) expect(fake.received()).not.toContain(text);
    } finally {
      fake.close();
    }
  });
});

test('with MD5 allowed, a password in the clear is still refused', async () => {
  for (const answers of [[Answer.CLEARTEXT], [Answer.MD5, Answer.CLEARTEXT]]) {
    const fake = await startFakeServer(answers, authority);
    try {
      const { secret } = await user({ port: fake.port });
      expect(await rotate(secret, allowing.md5)).toMatchObject({ ok: false, error: { errorType: 'Scram' } });
      expect(fake.received()).not.toContain(PASSWORD);
    } finally {
      fake.close();
    }
  }
});

test('a login with an MD5 verifier rotates where MD5 is allowed, says so, and has a SCRAM verifier after', async () => {
  await own.setRules('hostssl all all all md5');
  const { username, secret } = await user({}, md5);
  expect(await verifierOf(username)).toMatch(/^md5/);
  const refused = await rotate(secret, allowing.nothing);
  expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Scram' } });
  await allowing.md5.invoke({ Step: 'setSecret', SecretId: secret, ClientRequestToken: refused.token });
  expect(await rig.secrets.retry(secret, refused.token)).toMatchObject({ ok: true });
  expect(allowing.md5.output).toContain('the login used MD5; a rotation stores a SCRAM verifier');
  expect(allowing.md5.output).not.toContain(PASSWORD);
  expect(await verifierOf(username)).toMatch(/^SCRAM-SHA-256\$/);
  await own.setRules(TLS);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
});

test('a server that lets anybody in is not taken for one that knows the password', async () => {
  await own.setRules('hostssl all all all trust');
  for (const by of functions()) {
    const { secret } = await user();
    expect(await rotate(secret, by)).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Scram' } });
  }
});

test.each([
  ['of an MD5 verifier', `md5${'0123456789abcdef'.repeat(2)}`],
  [
    'of a SCRAM verifier',
    'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$c3RvcmVkc3RvcmVkc3RvcmVkc3RvcmVkc3RvcmVkMDA=:' +
      'c2VydmVyc2VydmVyc2VydmVyc2VydmVyc2VydmVyMDA=',
  ],
])('a password in the form %s is exactly that text', async (_, password) => {
  const username = rig.name(`hashlike${users++}`);
  const secret = await rig.createSecret('hashlike', { username, password });
  const properties = { strategy: 'single', privileges: 'connect' } as const;
  await rig.databaseUser.invoke({
    RequestType: 'Create',
    RequestId: `request-${username}-${'0'.repeat(32)}`,
    ResourceProperties: rig.properties(secret, username, properties),
  });
  expect(await rig.query(secret, 'SELECT current_user AS me')).toEqual([{ me: username }]);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  expect(await rig.query(secret, 'SELECT current_user AS me')).toEqual([{ me: username }]);
});
