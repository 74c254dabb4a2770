import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, createServer } from 'node:net';
import { PutSecretValueCommand, TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { BindingTag, Env, type SecretValue } from '../../../src/contract';
import { tagValue } from '../../../src/database/secret-binding';
import { postgresServer } from '../../local/servers';
import { type Rig, startRig } from '../support/rig';

/** A port that leads to the server and counts who comes; TLS and all else pass as they are. */
async function countedPort() {
  const server = createServer(socket => {
    counted.connections++;
    const onward = connect(postgresServer().port, '127.0.0.1');
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ]) {
      from
        .on('error', () => to.destroy())
        .on('close', () => to.destroy())
        .pipe(to);
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const counted = { connections: 0, port: (server.address() as AddressInfo).port, close: () => server.close() };
  return counted;
}

let bound: Awaited<ReturnType<typeof countedPort>>;
let elsewhere: typeof bound;
let rig: Rig;
beforeAll(async () => {
  [bound, elsewhere] = [await countedPort(), await countedPort()];
  rig = await startRig({}, { ...postgresServer(), port: bound.port });
});
afterAll(async () => {
  await rig.stop();
  for (const port of [bound, elsewhere]) port.close();
});

type Strategy = 'alternating' | 'single';

async function tag(secret: string, tags: Record<string, string>) {
  await rig.secrets.client.send(
    new TagResourceCommand({ SecretId: secret, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  );
}

/** A user whose secret is bound as the construct binds it. */
async function boundUser(role: string, strategy: Strategy): Promise<string> {
  const secret = await rig.createUser(role, { strategy, privileges: 'connect' });
  await tag(secret, {
    [BindingTag.SERVER]: `${rig.host}:${rig.port}`,
    [BindingTag.USERNAME]: tagValue(rig.name(role)),
    [BindingTag.STRATEGY]: strategy,
    [BindingTag.ADMIN_SECRET]: rig.adminSecret,
  });
  return secret;
}

async function put(SecretId: string, value: object, VersionStages: string[], ClientRequestToken = randomUUID()) {
  await rig.secrets.client.send(
    new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString: JSON.stringify(value), VersionStages }),
  );
}

/** How many connections anybody makes to either port meanwhile. */
async function connectionsDuring<T>(act: () => Promise<T>): Promise<{ result: T; connections: number }> {
  const count = () => bound.connections + elsewhere.connections;
  const before = count();
  const result = await act();
  return { result, connections: count() - before };
}

type Change = (value: SecretValue) => object;
const changes: [field: string, strategy: Strategy, bindingTag: string, change: Change][] = [
  ['host', 'single', BindingTag.SERVER, value => ({ ...value, host: '127.0.0.1' })],
  ['host', 'alternating', BindingTag.SERVER, value => ({ ...value, host: '127.0.0.1' })],
  ['port', 'single', BindingTag.SERVER, value => ({ ...value, port: elsewhere.port })],
  ['port', 'alternating', BindingTag.SERVER, value => ({ ...value, port: String(elsewhere.port) })],
  ['username', 'single', BindingTag.USERNAME, value => ({ ...value, username: rig.admin.username })],
  ['username', 'alternating', BindingTag.USERNAME, value => ({ ...value, username: `${rig.admin.username}_clone` })],
  ['masterarn', 'single', BindingTag.STRATEGY, value => ({ ...value, masterarn: rig.adminSecret })],
  ['masterarn', 'alternating', BindingTag.STRATEGY, ({ masterarn, ...value }) => value],
  ['masterarn', 'alternating', BindingTag.ADMIN_SECRET, value => ({ ...value, masterarn: `${rig.adminSecret}x` })],
];

test.each(changes)(
  'a current value with another %s than a %s user is bound to is refused before any connection',
  async (field, strategy, bindingTag, change) => {
    const secret = await boundUser(`current${randomUUID().slice(0, 8)}`, strategy);
    const value = await rig.read(secret);
    await put(secret, change(value), ['AWSCURRENT']);
    const { result, connections } = await connectionsDuring(() => rig.secrets.rotate(secret));
    expect(result).toMatchObject({ ok: false, step: 'createSecret', error: { errorType: 'Binding' } });
    expect(result.error!.message).toContain(
      `AWSCURRENT: ${field === 'host' || field === 'port' ? 'host and port' : field} must be`,
    );
    expect(result.error!.message).toContain(bindingTag);
    expect(rig.rotation.output).not.toContain(value.password);
    expect(connections).toBe(0);
  },
);

test.each(changes)(
  'a pending value with another %s than a %s user is bound to is refused before any connection',
  async (_, strategy, bindingTag, change) => {
    const secret = await boundUser(`pending${randomUUID().slice(0, 8)}`, strategy);
    const value = await rig.read(secret);
    const token = randomUUID();
    // Whoever may write versions, and is faster than the function.
    const beforeStep = (step: string) =>
      step === 'createSecret'
        ? put(secret, { ...change(value), password: randomUUID() }, ['AWSPENDING'], token)
        : undefined;
    const { result, connections } = await connectionsDuring(() => rig.secrets.rotate(secret, { token, beforeStep }));
    expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Binding' } });
    expect(result.error!.message).toContain('AWSPENDING');
    expect(result.error!.message).toContain(bindingTag);
    expect(connections).toBe(0);
  },
);

test.each(['alternating', 'single'] as const)(
  'a bound %s user rotates, again and again, and the case of its host does not matter',
  async strategy => {
    const secret = await boundUser(`fine${strategy}`, strategy);
    await put(secret, { ...(await rig.read(secret)), host: rig.host.toUpperCase() }, ['AWSCURRENT']);
    for (let rotation = 0; rotation < 2; rotation++) {
      expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    }
  },
);

test('the second login may be current when a user becomes a single one', async () => {
  const secret = await boundUser('changed', 'alternating');
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  const { masterarn, ...value } = await rig.read(secret);
  expect(value.username).toBe(`${rig.name('changed')}_clone`);
  await tag(secret, { [BindingTag.STRATEGY]: 'single' });
  await put(secret, value, ['AWSCURRENT']);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
});

test.each(['two words', 'aws:name', 'base64:name', 'naïve "name"', 'a+b-c=d.e_f:g/h@i'])(
  'a user is bound by its name, whatever characters it has: %s',
  async role => {
    const secret = await boundUser(role, 'alternating');
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    await put(secret, { ...(await rig.read(secret)), username: rig.name('somebody else') }, ['AWSCURRENT']);
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: false, error: { errorType: 'Binding' } });
  },
);

test.each([
  [BindingTag.STRATEGY, 'both', 'must be one of alternating, single'],
  [BindingTag.USERNAME, 'base64:no Base64', 'is not what a deployment writes'],
  [BindingTag.USERNAME, 'base64:/w==', 'is not what a deployment writes'],
])('a tag that no deployment writes is refused: %s = %s', async (key, value, message) => {
  const secret = await boundUser(`odd${randomUUID().slice(0, 8)}`, 'single');
  await tag(secret, { [key]: value });
  const { result, connections } = await connectionsDuring(() => rig.secrets.rotate(secret));
  expect(result).toMatchObject({ ok: false, step: 'createSecret', error: { errorType: 'Binding' } });
  expect(result.error!.message).toContain(message);
  expect(connections).toBe(0);
});

test(
  'a binding that changes while a rotation runs holds from the next step on, whatever the process has ' + 'read before',
  async () => {
    const secret = await boundUser('moved', 'single');
    const beforeStep = (step: string) =>
      step === 'setSecret' ? tag(secret, { [BindingTag.SERVER]: 'db.example.com:5432' }) : undefined;
    const { result, connections } = await connectionsDuring(() => rig.secrets.rotate(secret, { beforeStep }));
    expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Binding' } });
    expect(connections).toBe(0);
  },
);

test.each<[string, Change]>([
  ['host', value => ({ ...value, host: '127.0.0.1' })],
  ['port', value => ({ ...value, port: elsewhere.port })],
  ['dbname', value => ({ ...value, dbname: 'postgres' })],
  ['engine', value => ({ ...value, engine: 'aurora-postgresql' })],
  ['ssl', value => ({ ...value, ssl: false })],
  ['masterarn', value => ({ ...value, masterarn: rig.adminSecret })],
  ['note', value => ({ ...value, note: 'new' })],
  ['username', value => ({ ...value, username: rig.admin.username })],
])('without a binding, the pending value is held to the current one: %s', async (field, change) => {
  const secret = await rig.createUser(`unbound${field}`, { strategy: 'single', privileges: 'connect' });
  const pending = { ...change(await rig.read(secret)), password: randomUUID() };
  const token = randomUUID();
  const beforeStep = (step: string) =>
    step === 'createSecret' ? put(secret, pending, ['AWSPENDING'], token) : undefined;
  const { result, connections } = await connectionsDuring(() => rig.secrets.rotate(secret, { token, beforeStep }));
  expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'InvalidSecret' } });
  expect(result.error!.message).toContain(`AWSPENDING: ${field} `);
  expect(connections).toBe(0);
});

test.each(['alternating', 'single'] as const)(
  'the function works on the servers that it is told, for whatever secret (%s)',
  async strategy => {
    const told = await startRig(
      {},
      { ...postgresServer(), port: bound.port },
      { [Env.SERVERS]: `db.example.com:5432 LOCALHOST:${bound.port}` },
    );
    try {
      const secret = await told.createUser('told', { strategy, privileges: 'connect' });
      expect(await told.secrets.rotate(secret)).toMatchObject({ ok: true });
      const SecretString = JSON.stringify({ ...(await told.read(secret)), port: elsewhere.port });
      await told.secrets.client.send(new PutSecretValueCommand({ SecretId: secret, SecretString }));
      const { result, connections } = await connectionsDuring(() => told.secrets.rotate(secret));
      expect(result).toMatchObject({ ok: false, step: 'createSecret', error: { errorType: 'Binding' } });
      expect(result.error!.message).toContain(Env.SERVERS);
      expect(connections).toBe(0);
    } finally {
      await told.stop();
    }
  },
);

test('the admin, too, logs in on the servers that the function is told, and nowhere else', async () => {
  const told = await startRig(
    {},
    { ...postgresServer(), port: bound.port },
    { [Env.SERVERS]: `localhost:${bound.port}` },
  );
  try {
    const secret = await told.createUser('advised', { privileges: 'connect' });
    const SecretString = JSON.stringify({ ...(await told.read(told.adminSecret)), port: elsewhere.port });
    await told.secrets.client.send(new PutSecretValueCommand({ SecretId: told.adminSecret, SecretString }));
    const { result, connections } = await connectionsDuring(() => told.secrets.rotate(secret));
    expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Binding' } });
    expect(result.error!.message).toContain(told.adminSecret);
    expect(connections).toBe(0);
  } finally {
    await told.stop();
  }
});
