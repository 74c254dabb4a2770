import { randomUUID } from 'node:crypto';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { withClient } from '../../local/postgres';
import { changesOf, DeployedUser, membershipsOf, RESPONSE_URL } from '../support/deployed-user';
import { RIGHTS } from '../support/privileged';
import { type Rig, startRig } from '../support/rig';

let rig: Rig;
let app: DeployedUser;
beforeAll(async () => {
  rig = await startRig();
  app = await DeployedUser.create(rig, 'app');
  await rig.query(app.secret, 'CREATE SCHEMA sales; CREATE TABLE sales.orders (id serial)');
});
afterAll(() => rig.stop());

const rolesOf = async (user: DeployedUser) =>
  (await rig.inspect('SELECT rolname FROM pg_roles WHERE rolname LIKE $1 ORDER BY 1', [`${user.username}%`])).map(
    ({ rolname }) => String(rolname).slice(user.username.length),
  );
const ownerOf = async (relation: string, database: string) =>
  withClient(
    rig,
    rig.superuser,
    database,
    async client =>
      (
        await client.query('SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = $1::regclass', [
          relation,
        ])
      ).rows[0].owner,
  );
const reader = { privileges: 'readOnly', onDelete: 'drop' } as const;

test('a user whose role is to stay is left as it is', async () => {
  const user = await DeployedUser.create(rig, 'stays', { privileges: 'connect' });
  const before = changesOf(rig).length;
  await user.delete();
  await user.delete({ onDelete: 'retain' });
  expect(changesOf(rig)).toHaveLength(before);
  expect(await rolesOf(user)).toEqual(['']);
});

test('a reader is dropped with both logins, in all databases, and the admin is what it was before', async () => {
  const before = await membershipsOf(rig);
  const user = await DeployedUser.create(rig, 'reader', {
    ...reader,
    owner: app.username,
    furtherGrants: JSON.stringify([{ database: rig.name('its own'), privileges: 'connect' }]),
  });
  await rig.secrets.rotate(user.secret);
  await rig.query(
    app.secret,
    `CREATE POLICY p ON sales.orders TO "${user.username}"; GRANT SELECT (id) ON sales.orders TO "${user.username}";
    GRANT CREATE ON SCHEMA sales TO "${user.username}_clone";
    ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO "${user.username}_clone"`,
  );
  await user.delete();
  expect(await rolesOf(user)).toEqual([]);
  expect(await membershipsOf(rig)).toEqual(before);
  expect(await app.may('SELECT * FROM sales.orders')).toBe('may');
});

test('what it owned stays, with a role that nobody logs in as, and its databases go to the admin', async () => {
  const [first, second] = ['first', 'second'].map(name => rig.name(name));
  const user = await DeployedUser.create(rig, 'owning', {
    database: first,
    onDelete: 'drop',
    furtherGrants: JSON.stringify([
      { database: second, privileges: 'owner' },
      { database: rig.database, privileges: 'connect' },
    ]),
  });
  await rig.secrets.rotate(user.secret);
  const { username, password } = await rig.read(user.secret);
  expect(username).toBe(`${user.username}_clone`);
  for (const database of [first, second]) {
    await withClient(rig, { username, password }, database, client =>
      client.query(`CREATE TABLE kept AS SELECT 42 AS answer;
      CREATE SCHEMA its; CREATE TYPE public.mood AS ENUM ('fine');
      CREATE FUNCTION public.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
      SET ROLE NONE; CREATE TABLE its.of_the_second (id int)`),
    );
  }
  await rig.query(app.secret, `GRANT CREATE, USAGE ON SCHEMA sales TO "${user.username}"`);
  await withClient(rig, { username, password }, rig.database, client =>
    client.query(
      "CREATE TABLE sales.theirs (id int); CREATE FUNCTION sales.two() RETURNS int LANGUAGE sql AS 'SELECT 2'",
    ),
  );

  await user.delete();
  expect(await rolesOf(user)).toEqual(['_kept']);
  for (const [relation, database] of [
    ['kept', first],
    ['its.of_the_second', second],
    ['sales.theirs', rig.database],
  ]) {
    expect(await ownerOf(relation, database)).toBe(`${user.username}_kept`);
  }
  expect(
    await withClient(rig, rig.superuser, second, async client => (await client.query('SELECT answer FROM kept')).rows),
  ).toEqual([{ answer: 42 }]);
  expect(
    await rig.inspect('SELECT DISTINCT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = ANY ($1)', [
      [first, second],
    ]),
  ).toEqual([{ owner: rig.admin.username }]);
  expect(
    await rig.inspect('SELECT rolcanlogin, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = $1', [
      `${user.username}_kept`,
    ]),
  ).toEqual([{ rolcanlogin: false, rolsuper: false, rolcreaterole: false }]);
});

test('a function of the dropped user does not run with the rights of the admin', async () => {
  const user = await DeployedUser.create(rig, 'sly', { database: rig.name('sly'), onDelete: 'drop' });
  await rig.query(
    user.secret,
    "CREATE FUNCTION who() RETURNS name LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user'",
  );
  await user.delete();
  const victim = await DeployedUser.create(rig, 'victim', { database: rig.name('sly'), privileges: 'connect' });
  expect(await rig.query(victim.secret, 'SELECT who()')).toEqual([{ who: `${user.username}_kept` }]);
});

test.each([
  ['may end any', ''],
  ['may end those of roles only that it is a member of', 'REVOKE rds_superuser FROM'],
])('sessions of a dropped user end, by an admin who %s', async (who, without) => {
  const user = await DeployedUser.create(rig, `connected ${who.length}`, { privileges: 'connect', onDelete: 'drop' });
  const { username, password } = await rig.read(user.secret);
  const client = new Client({
    host: rig.host,
    port: rig.port,
    user: username,
    password,
    database: rig.database,
    ssl: { rejectUnauthorized: false },
  });
  const ended = new Promise(resolve => client.on('error', resolve));
  await client.connect();
  if (without) await rig.inspect(`${without} "${rig.admin.username}"`);
  await user.delete();
  await rig.inspect(`GRANT rds_superuser TO "${rig.admin.username}"`);
  await ended;
  expect(await rolesOf(user)).toEqual([]);
});

test('a deletion that fails says why, and the next one finishes it', async () => {
  const user = await DeployedUser.create(rig, 'twice', {
    database: rig.name('twice'),
    onDelete: 'drop',
    furtherGrants: JSON.stringify([{ database: rig.name('z'), privileges: 'owner' }]),
  });
  await rig.query(user.secret, 'CREATE TABLE first (id int)');
  const { username, password } = await rig.read(user.secret);
  await withClient(rig, { username, password }, rig.name('z'), client => client.query('CREATE TABLE last (id int)'));
  await rig.inspect(`ALTER DATABASE "${rig.name('z')}" ALLOW_CONNECTIONS false`);
  await expect(user.delete()).rejects.toMatchObject({
    errorType: 'Database',
    errorMessage: expect.stringContaining(rig.name('z')),
  });
  expect(await rolesOf(user)).toEqual(['', '_kept']);
  await rig.inspect(`ALTER DATABASE "${rig.name('z')}" ALLOW_CONNECTIONS true`);
  await user.delete();
  await user.delete(); // gone already
  expect(await rolesOf(user)).toEqual(['_kept']);
  expect(await ownerOf('last', rig.name('z'))).toBe(`${user.username}_kept`);
});

test('a role that was given to another secret is not dropped', async () => {
  const user = await DeployedUser.create(rig, 'given', { privileges: 'connect', onDelete: 'drop' });
  await user.delete({ secretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:other' });
  expect(await rolesOf(user)).toEqual(['']);
  await rig.inspect(`COMMENT ON ROLE "${user.username}" IS NULL`);
  await user.delete();
  expect(await rolesOf(user)).toEqual(['']);
});

test("neither the admin nor a role that became more than an application's is dropped", async () => {
  const user = await DeployedUser.create(rig, 'risen', { privileges: 'connect', onDelete: 'drop' });
  await rig.inspect(`ALTER ROLE "${user.username}" ${RIGHTS['has CREATEROLE']}`);
  await user.delete();
  expect(await rolesOf(user)).toEqual(['']);
  const { username } = rig.admin;
  await user.delete({ username });
  expect(await rig.inspect('SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [username])).toEqual([
    { rolcanlogin: true },
  ]);
});

describe('where the database cannot be asked, the deletion succeeds with a warning', () => {
  test.each<[string, () => Promise<Partial<DeployedUser['properties']>>]>([
    ['nobody answers', async () => ({ port: '1' })],
    ['its name is gone', async () => ({ host: 'gone.invalid' })],
    [
      'the admin secret is gone',
      async () => {
        const secret = await rig.createSecret('gone', rig.value(rig.admin));
        await rig.secrets.client.send(new DeleteSecretCommand({ SecretId: secret, ForceDeleteWithoutRecovery: true }));
        return { adminSecretArn: secret };
      },
    ],
  ])('%s', async (_, given) => {
    const user = await DeployedUser.create(rig, `left${randomUUID().slice(0, 8)}`, {
      privileges: 'connect',
      onDelete: 'drop',
    });
    // An RDS-managed admin secret names no host.
    const adminSecretArn = await rig.createSecret('managed', rig.admin);
    await user.delete({ adminSecretArn, ...(await given()) });
    expect(rig.databaseUser.output).toContain('the user stays in the database, because the admin cannot log in');
    expect(await rolesOf(user)).toEqual(['']);
  });
});

test('a user that cannot be created whole is not there after, and may be created again', async () => {
  const password = randomUUID();
  const secret = await rig.createSecret('half', { username: rig.name('half'), password });
  const user = new DeployedUser(rig, 'half', secret);
  await expect(
    user.create({ privileges: 'readOnly', owner: app.username, schemas: '["missing"]' }),
  ).rejects.toMatchObject({ errorType: 'Configuration' });
  expect(await rolesOf(user)).toEqual([]);
  const again = await DeployedUser.create(rig, 'half', {
    privileges: 'readOnly',
    owner: app.username,
    schemas: '["sales"]',
  }); // with a new secret
  expect(await again.may('SELECT * FROM sales.orders')).toBe('may');
});

test('neither the response URL nor a password is in the log', async () => {
  expect(rig.databaseUser.output).toContain('the user is dropped');
  expect(rig.databaseUser.output).not.toContain('response-url-signature');
  expect(rig.databaseUser.output).not.toContain(RESPONSE_URL);
  expect(rig.databaseUser.output).not.toContain((await rig.read(app.secret)).password);
  expect(rig.databaseUser.output).not.toContain(rig.admin.password);
});
