import { randomUUID } from 'node:crypto';
import { withClient } from '../../local/postgres';
import { type Rig, startRig } from '../support/rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

const request = (ResourceProperties: unknown, RequestType = 'Create', RequestId: string = randomUUID()) => ({
  RequestType,
  RequestId,
  ResourceProperties,
});

test("creates a login that owns its database, and completes the secret in AWS's shape", async () => {
  const secret = await rig.createUser('orders');
  const { username, password } = await rig.read(secret);
  expect(await rig.read(secret)).toEqual({
    username,
    password,
    engine: 'postgres',
    host: 'localhost',
    port: rig.port,
    dbname: rig.database,
    dbInstanceIdentifier: 'local',
    masterarn: rig.adminSecret,
  });
  expect(username).toBe(rig.name('orders'));
  await rig.query(secret, 'CREATE TABLE orders (id int)');
  expect(await rig.inspect("SELECT tableowner FROM pg_tables WHERE tablename = 'orders'")).toEqual([
    { tableowner: username },
  ]);
  expect(
    await rig.inspect('SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1', [rig.database]),
  ).toEqual([{ owner: username }]);
});

test('the admin does not stay a member of the role with its privileges', async () => {
  const secret = await rig.createUser('apart', { database: `apart_${rig.database}` });
  const { username } = await rig.read(secret);
  expect(await rig.inspect("SELECT pg_has_role($1, $2, 'USAGE') AS has", [rig.admin.username, username])).toEqual([
    { has: false },
  ]);
});

test('a second delivery, and an update that changes nothing, leave password, versions and database alone', async () => {
  const username = rig.name('again');
  const secret = await rig.createSecret('again', { username, password: 'first-password' });
  const create = request(rig.properties(secret, username, { privileges: 'connect' }));
  await rig.databaseUser.invoke(create);
  const before = await rig.read(secret);
  const stored = () => rig.inspect('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [username]);
  const verifier = await stored();
  rig.secrets.calls.length = 0;
  await rig.databaseUser.invoke(create);
  await rig.databaseUser.invoke({ ...create, RequestType: 'Update', RequestId: randomUUID() });
  expect(await rig.read(secret)).toEqual(before);
  expect(await stored()).toEqual(verifier);
  expect(rig.secrets.calls.map(call => call.action)).not.toContain('PutSecretValue');
});

test(
  'an update after a rotation merges new fields, and keeps the user name and the password of ' + 'the moment',
  async () => {
    const secret = await rig.createUser('moved', { privileges: 'connect' });
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    const before = await rig.read(secret);
    await rig.databaseUser.invoke(
      request(
        rig.properties(secret, rig.name('moved'), { privileges: 'connect', dbInstanceIdentifier: 'restored' }),
        'Update',
      ),
    );
    expect(await rig.read(secret)).toEqual({ ...before, dbInstanceIdentifier: 'restored' });
    expect(before.username).toBe(`${rig.name('moved')}_clone`);
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  },
);

test('another name of a user is refused, and neither its secret nor a role changes', async () => {
  const secret = await rig.createUser('named', { privileges: 'connect' });
  const before = await rig.read(secret);
  await expect(
    rig.databaseUser.invoke(request(rig.properties(secret, rig.name('renamed'), { privileges: 'connect' }), 'Update')),
  ).rejects.toMatchObject({
    errorType: 'InvalidSecret',
    errorMessage: expect.stringContaining('a user keeps its name'),
  });
  expect(await rig.read(secret)).toEqual(before);
  expect(await rig.query(secret, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await rig.inspect('SELECT FROM pg_roles WHERE rolname = $1', [rig.name('renamed')])).toEqual([]);
});

test('a role that belongs to another secret is not taken over', async () => {
  await rig.createUser('taken', { privileges: 'connect' });
  const thief = await rig.createSecret('thief', { username: rig.name('taken'), password: 'guess' });
  await expect(
    rig.databaseUser.invoke(request(rig.properties(thief, rig.name('taken'), { privileges: 'connect' }))),
  ).rejects.toMatchObject({ errorType: 'Role', errorMessage: expect.stringContaining('belongs to another secret') });
});

test('a role that was there before is taken over only by a secret that logs in to it', async () => {
  const username = rig.name('legacy');
  await withClient(rig, rig.admin, 'postgres', client =>
    client.query(`CREATE ROLE "${username}" LOGIN PASSWORD 'known-password'`),
  );
  const wrong = await rig.createSecret('wrong', { username, password: 'guess' });
  await expect(
    rig.databaseUser.invoke(request(rig.properties(wrong, username, { privileges: 'connect' }))),
  ).rejects.toMatchObject({ errorType: 'Role', errorMessage: expect.stringContaining('exists already') });
  const right = await rig.createSecret('right', { username, password: 'known-password' });
  await rig.databaseUser.invoke(request(rig.properties(right, username, { privileges: 'connect' })));
  expect(await rig.secrets.rotate(right)).toMatchObject({ ok: true });
});

test.each([
  ['the admin', () => rig.admin.username, 'is the admin'],
  ['a superuser', () => rig.superuser.username, 'is a superuser'],
])('%s is not an application user', async (_, name, why) => {
  const secret = await rig.createSecret('privileged', { username: name(), password: 'anything' });
  await expect(
    rig.databaseUser.invoke(request(rig.properties(secret, name(), { privileges: 'connect' }))),
  ).rejects.toMatchObject({ errorType: 'Role', errorMessage: expect.stringContaining(why) });
});

test('a secret that names another user is refused before the admin does anything', async () => {
  const secret = await rig.createSecret('other', { username: rig.admin.username, password: 'anything' });
  await expect(rig.databaseUser.invoke(request(rig.properties(secret, rig.name('other'))))).rejects.toMatchObject({
    errorType: 'InvalidSecret',
    errorMessage: expect.stringContaining('username'),
  });
});

test('privileges can be taken back: from owner to connect', async () => {
  const database = `back_${rig.database}`;
  const secret = await rig.createUser('back', { database });
  const declared = (privileges: 'owner' | 'connect') =>
    rig.properties(secret, rig.name('back'), { database, privileges });
  await rig.databaseUser.invoke({
    ...request(declared('connect'), 'Update'),
    OldResourceProperties: declared('owner'),
  });
  expect(
    await rig.inspect('SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1', [database]),
  ).toEqual([{ owner: rig.admin.username }]);
  expect(await rig.query(secret, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('deletion leaves the role, and needs neither database nor secret', async () => {
  const answer = await rig.databaseUser.invoke({
    RequestType: 'Delete',
    PhysicalResourceId: 'local/gone',
    ResourceProperties: {},
  });
  expect(answer).toEqual({ PhysicalResourceId: 'local/gone' });
});

test.each(['secretArn', 'adminSecretArn', 'username', 'host', 'port', 'database', 'privileges', 'strategy'])(
  'a request without %s is refused by that name',
  async property => {
    const { [property as 'host']: _, ...rest } = rig.properties('arn', 'user');
    await expect(rig.databaseUser.invoke(request(rest))).rejects.toMatchObject({
      errorType: 'InvalidEvent',
      errorMessage: expect.stringContaining(`"${property}"`),
    });
  },
);

test("no password reaches the function's log or the server's", async () => {
  const secret = await rig.createUser('quiet', { privileges: 'connect' });
  const { password } = await rig.read(secret);
  expect(rig.serverLog()).toContain(`CREATE ROLE "${rig.name('quiet')}"`);
  for (const log of [rig.serverLog(), rig.databaseUser.output]) {
    expect(log).not.toContain(password);
    expect(log).not.toContain(rig.admin.password);
  }
});
