import { startPostgres } from '../../local/postgres';
import { DeployedUser, changesOf, STACK } from '../support/deployed-user';
import { createGroups, RIGHTS } from '../support/privileged';
import { type Rig, startRig } from '../support/rig';

let rig: Rig;
let app: DeployedUser;
beforeAll(async () => {
  rig = await startRig();
  await createGroups(rig);
  await letAdminGrant(rig);
  app = await DeployedUser.create(rig, 'app');
  await rig.query(app.secret, 'CREATE SCHEMA sales; CREATE TABLE sales.orders (id int)');
});
afterAll(() => rig.stop());

/** As on RDS, whose `rds_superuser` may give `rds_iam` to others. */
async function letAdminGrant({ inspect, admin }: Rig): Promise<void> {
  const [{ version }] = await inspect("SELECT current_setting('server_version_num')::int AS version");
  await inspect(
    `GRANT rds_iam TO "${admin.username}" WITH ADMIN ` +
      `${Number(version) >= 160_000 ? 'TRUE, INHERIT FALSE, SET FALSE' : 'OPTION'}`,
  );
}

const login = async (user: DeployedUser) =>
  (
    await rig.inspect(
      `
  SELECT rolcanlogin AS "logsIn", rolpassword AS password, pg_has_role(oid, 'rds_iam', 'MEMBER') AS iam,
    shobj_description(oid, 'pg_authid') AS comment
  FROM pg_authid WHERE rolname = $1`,
      [user.username],
    )
  )[0];
const may = async (user: DeployedUser, privilege: string) =>
  (await rig.inspect("SELECT has_table_privilege($1, 'sales.orders', $2) AS may", [user.username, privilege]))[0].may;

test('logs in by IAM, without a password, and needs no secret', async () => {
  const user = await DeployedUser.iam(rig, 'analyst', { privileges: 'readOnly', owner: app.username });
  expect(user.properties).not.toHaveProperty('secretArn');
  expect(await login(user)).toMatchObject({
    logsIn: true,
    password: null,
    iam: true,
    comment: expect.stringContaining(`${STACK}/${user.LogicalResourceId}`),
  });
  expect([await may(user, 'SELECT'), await may(user, 'INSERT')]).toEqual([true, false]);
});

test('an update that declares the same sends nothing that changes anything', async () => {
  const user = await DeployedUser.iam(rig, 'same', { privileges: 'readOnly', owner: app.username });
  const before = changesOf(rig).length;
  await user.update({});
  await user.request('Create', user.properties);
  expect(changesOf(rig).slice(before)).toEqual([]);
  await user.update({ privileges: 'readWrite' });
  expect(await may(user, 'INSERT')).toBe(true);
});

test('a role with a password never becomes one', async () => {
  const before = await login(app);
  const user = new DeployedUser(rig, 'app', '');
  await expect(user.create({ authentication: 'iam' })).rejects.toMatchObject({
    errorType: 'Role',
    errorMessage: expect.stringContaining(app.secret),
  });
  await rig.inspect(`CREATE ROLE "${rig.name('unknown')}" LOGIN PASSWORD 'somebody-knows'`);
  await expect(new DeployedUser(rig, 'unknown', '').create({ authentication: 'iam' })).rejects.toMatchObject({
    errorType: 'Role',
    errorMessage: expect.stringContaining('may have a password'),
  });
  expect(await login(app)).toEqual(before);
});

test('a rotated user that is to log in by IAM is refused, and goes on as it was', async () => {
  await expect(app.update({ authentication: 'iam' })).rejects.toMatchObject({ errorType: 'Role' });
  expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
  expect(await app.may('SELECT * FROM sales.orders')).toBe('may');
});

test('another resource does not take it over; what was made by hand for IAM may be', async () => {
  const user = await DeployedUser.iam(rig, 'mine', { privileges: 'connect' });
  await expect(DeployedUser.iam(rig, 'mine', { privileges: 'connect' })).rejects.toMatchObject({
    errorType: 'Role',
    errorMessage: expect.stringContaining(user.LogicalResourceId),
  });
  await rig.inspect(`CREATE ROLE "${rig.name('by hand')}" LOGIN; GRANT rds_iam TO "${rig.name('by hand')}";
    COMMENT ON ROLE "${rig.name('by hand')}" IS 'the analysts'' own';
    GRANT "${rig.name('by hand')}" TO "${rig.admin.username}" WITH ADMIN OPTION`);
  const taken = await DeployedUser.iam(rig, 'by hand', { privileges: 'connect' });
  expect((await login(taken)).comment).toBe(
    `the analysts' own\ncdk-rotating-postgres: logs in through IAM, made by ${STACK}/${taken.LogicalResourceId}`,
  );
  const again = new DeployedUser(
    rig,
    'mine',
    await rig.createSecret('thief', { username: user.username, password: 'guess' }),
  );
  await expect(again.create({ privileges: 'connect' })).rejects.toMatchObject({
    errorType: 'Role',
    errorMessage: expect.stringContaining('rds_iam'),
  });
});

test.each(Object.entries(RIGHTS).filter(([name]) => !name.includes('rds_iam')))(
  'who %s does not log in by IAM',
  async (why, right) => {
    const user = new DeployedUser(rig, `more ${why}`, '');
    await rig.inspect(`CREATE ROLE "${user.username}" LOGIN ${right}; GRANT rds_iam TO "${user.username}"`);
    await expect(user.create({ authentication: 'iam', privileges: 'connect' })).rejects.toMatchObject({
      errorType: 'Role',
      errorMessage: expect.stringContaining(why),
    });
  },
);

test('is dropped by the resource that made it, and by no other', async () => {
  const user = await DeployedUser.iam(rig, 'leaving', {
    privileges: 'readWrite',
    owner: app.username,
    onDelete: 'drop',
  });
  await rig.databaseUser.invoke({
    RequestType: 'Delete',
    PhysicalResourceId: 'any',
    StackId: STACK,
    LogicalResourceId: 'Another',
    ResourceProperties: user.properties,
  });
  expect(await login(user)).toBeDefined();
  await user.delete();
  expect(await login(user)).toBeUndefined();
});

test(
  'a user with another name takes its place, with what others gave it; the old one goes with the ' +
    'deletion that follows',
  async () => {
    const user = await DeployedUser.iam(rig, 'old name', {
      privileges: 'readOnly',
      owner: app.username,
      onDelete: 'drop',
    });
    const former = user.properties;
    const name = rig.name('new name');
    await rig.inspect(
      `CREATE ROLE "${name}" LOGIN; GRANT rds_iam TO "${name}"; GRANT "${name}" TO ` +
        `"${rig.admin.username}" WITH ADMIN OPTION`,
    );
    await rig.query(app.secret, `GRANT SELECT ON sales.orders TO "${name}"`);
    await user.update({ username: name, privileges: 'connect', owner: undefined });
    await user.delete(former);
    const holders =
      'SELECT g.grantee::regrole::text AS who FROM pg_class, aclexplode(relacl) AS g WHERE relname = ' +
      "'orders' AND g.grantee::regrole::text ~ 'name'";
    expect(await rig.inspect(holders)).toEqual([{ who: `"${name}"` }]);
    expect(
      await rig.inspect('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [[former.username, name]]),
    ).toEqual([{ rolname: name }]);
  },
);

test('a server without logins by IAM is named, with what to do, and nothing is left behind', async () => {
  const server = await startPostgres();
  const without = await startRig({}, server);
  try {
    await expect(DeployedUser.iam(without, 'analyst', { privileges: 'connect' })).rejects.toMatchObject({
      errorType: 'Configuration',
      errorMessage: expect.stringContaining('switch IAM database authentication on'),
    });
    expect(await without.inspect('SELECT FROM pg_roles WHERE rolname = $1', [without.name('analyst')])).toEqual([]);
  } finally {
    await without.stop();
    await server.stop();
  }
});

test.each(['adminSecretArn', 'username', 'host', 'port', 'database', 'privileges'])(
  'a request without %s is refused by that name',
  async property => {
    const { [property as 'host']: _, ...rest } = new DeployedUser(rig, 'short', '').all({ authentication: 'iam' });
    await expect(
      rig.databaseUser.invoke({ RequestType: 'Create', RequestId: 'id', ResourceProperties: rest }),
    ).rejects.toMatchObject({ errorType: 'InvalidEvent', errorMessage: expect.stringContaining(`"${property}"`) });
  },
);
