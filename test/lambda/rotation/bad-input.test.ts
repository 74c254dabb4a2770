import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { FunctionProcess } from '../../local/function-process';
import { withClient } from '../../local/postgres';
import { type Rig, startRig } from '../support/rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

const PASSWORD = 'a-password-that-must-not-show';

/** A login that works, and a secret of it that is wrong in one way. */
async function broken(role: string, change: (value: Record<string, unknown>) => unknown) {
  const login = { username: rig.name(role), password: PASSWORD };
  await withClient(rig, rig.superuser, 'postgres', async client => {
    await client.query('SET log_statement = none');
    await client.query(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${PASSWORD}'`);
  });
  const secret = await rig.createSecret(role, change({ ...rig.value(login) }));
  return { secret, stillWorks: () => withClient(rig, login, rig.database, async () => true) };
}

/** A server that takes connections and answers each with this, or with nothing. */
async function impostor(answer?: string): Promise<{ port: number; close(): void }> {
  const server = createServer(socket => {
    socket.on('error', () => undefined);
    socket.on('data', () => answer && socket.write(answer));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

afterEach(() => expect(rig.rotation.output).not.toContain(PASSWORD));

test.each([
  ['a text that is not JSON', () => `password is ${PASSWORD}`, 'createSecret', 'InvalidSecret', 'is not JSON'],
  ['a list', (value: object) => [value], 'createSecret', 'InvalidSecret', 'must be a JSON object'],
  [
    'no host',
    ({ host, ...rest }: Record<string, unknown>) => rest,
    'createSecret',
    'InvalidSecret',
    '"host" is missing',
  ],
  [
    'no username',
    ({ username, ...rest }: Record<string, unknown>) => rest,
    'createSecret',
    'InvalidSecret',
    '"username" is missing',
  ],
  [
    'no password',
    ({ password, ...rest }: Record<string, unknown>) => rest,
    'createSecret',
    'InvalidSecret',
    '"password" is missing',
  ],
  [
    'a port that is no number',
    (value: object) => ({ ...value, port: 'abc' }),
    'createSecret',
    'InvalidSecret',
    '"port"',
  ],
  ['a port out of range', (value: object) => ({ ...value, port: 70000 }), 'createSecret', 'InvalidSecret', '"port"'],
  ['another engine', (value: object) => ({ ...value, engine: 'mysql' }), 'createSecret', 'InvalidSecret', '"engine"'],
  [
    'a connection parameter in the host',
    (value: object) => ({ ...value, host: 'x hostaddr=192.0.2.1' }),
    'createSecret',
    'InvalidSecret',
    '"host"',
  ],
  ['a wrong port', (value: object) => ({ ...value, port: 1 }), 'setSecret', 'DatabaseUnreachable', 'localhost:1'],
  [
    'an unknown host',
    (value: object) => ({ ...value, host: 'no-such-host.invalid' }),
    'setSecret',
    'Dns',
    'no-such-host.invalid',
  ],
  [
    'a wrong password',
    (value: object) => ({ ...value, password: `wrong-${PASSWORD}` }),
    'setSecret',
    'Authentication',
    'no version of the secret logs in',
  ],
  [
    'a database that does not exist',
    (value: object) => ({ ...value, dbname: 'nowhere' }),
    'setSecret',
    'DatabaseMissing',
    '"nowhere"',
  ],
  [
    'an admin secret that does not exist',
    (value: object) => ({ ...value, masterarn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:gone-AbCdEf' }),
    'setSecret',
    'InvalidSecret',
    'gone-AbCdEf',
  ],
])(
  'a secret with %s ends with its cause, and the credential still works',
  async (_, change, step, errorType, message) => {
    const { secret, stillWorks } = await broken(`bad${randomUUID().slice(0, 8)}`, change);
    const result = await rig.secrets.rotate(secret);
    expect(result).toMatchObject({ ok: false, step, error: { errorType } });
    expect(result.error!.message).toContain(message);
    expect(result.error!.message).not.toContain(PASSWORD);
    expect(await stillWorks()).toBe(true);
  },
);

test("a name that would pass PostgreSQL's 63 bytes with the suffix is refused before anything changes", async () => {
  const username = 'ü'.repeat(29); // 58 bytes, 29 characters
  const secret = await rig.createSecret(
    'long',
    rig.value({ username, password: PASSWORD }, { masterarn: rig.adminSecret }),
  );
  expect(await rig.secrets.rotate(secret)).toMatchObject({
    ok: false,
    step: 'createSecret',
    error: { errorType: 'InvalidSecret' },
  });
});

test.each([
  [{ Step: 'createsecret' }, 'Step is "createsecret"'],
  [{ Step: undefined }, 'Step is missing'],
  [{ SecretId: undefined }, 'SecretId is missing'],
  [{ ClientRequestToken: '' }, 'ClientRequestToken is missing'],
])('an event with %j is refused', async (change, message) => {
  await expect(
    rig.rotation.invoke({
      Step: 'createSecret',
      SecretId: rig.adminSecret,
      ClientRequestToken: randomUUID(),
      ...change,
    }),
  ).rejects.toMatchObject({ errorType: 'InvalidEvent', errorMessage: expect.stringContaining(message) });
});

test('a token that is not pending is refused', async () => {
  await rig.secrets.rotate(rig.adminSecret, { immediately: false });
  const token = randomUUID();
  await expect(
    rig.rotation.invoke({ Step: 'setSecret', SecretId: rig.adminSecret, ClientRequestToken: token }),
  ).rejects.toMatchObject({ errorType: 'NotPending', errorMessage: expect.stringContaining(token) });
});

test('a secret that does not exist is named, with the action', async () => {
  await expect(
    rig.rotation.invoke({ Step: 'setSecret', SecretId: 'missing', ClientRequestToken: randomUUID() }),
  ).rejects.toMatchObject({
    errorType: 'SecretsManager',
    errorMessage: expect.stringContaining('DescribeSecret on missing'),
  });
});

test('a certificate of an unknown authority is refused, and no password is sent', async () => {
  const trusting = new FunctionProcess('rotation', rig.secrets.environment); // no NODE_EXTRA_CA_CERTS
  const { secret, stillWorks } = await broken('untrusted', value => value);
  const token = randomUUID();
  try {
    const result = await rig.secrets.rotate(secret, {
      token,
      beforeStep: async (step, event) => {
        if (step === 'setSecret') await trusting.invoke(event);
      },
    });
    expect(result).toMatchObject({
      ok: false,
      step: 'setSecret',
      error: { errorType: 'Tls', errorMessage: expect.stringContaining('localhost') },
    });
    expect(await stillWorks()).toBe(true);
  } finally {
    await trusting.stop();
  }
});

test.each([
  ['a server without TLS', 'N', 'Tls'],
  ['a server that never answers', undefined, 'DatabaseUnreachable'],
])(
  '%s is given up on, and named',
  async (_, answer, errorType) => {
    const server = await impostor(answer);
    try {
      const { secret, stillWorks } = await broken(`impostor_${errorType.toLowerCase()}`, value => ({
        ...value,
        port: server.port,
      }));
      const result = await rig.secrets.rotate(secret);
      expect(result).toMatchObject({
        ok: false,
        step: 'setSecret',
        error: { errorType, errorMessage: expect.stringContaining(`localhost:${server.port}`) },
      });
      expect(await stillWorks()).toBe(true);
    } finally {
      server.close();
    }
  },
  20_000,
);
