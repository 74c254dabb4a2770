import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { type Login, withClient } from '../../../local/postgres';
import { MAJOR_VARIABLE } from '../../../local/postgres-binaries';
import { createGroups, RIGHTS } from '../../support/privileged';
import { type Rig, startRig } from '../../support/rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

const logsIn = (login: Login) =>
  withClient(rig, login, rig.database, async () => true).catch(error => error.code as string);

test('the login that was current before still logs in after', async () => {
  const secret = await rig.createUser('two');
  const before = await rig.read(secret);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  const after = await rig.read(secret);
  expect(after).toEqual({ ...before, username: `${before.username}_clone`, password: after.password });
  expect(await logsIn(after)).toBe(true);
  expect(await logsIn(before)).toBe(true);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  expect((await rig.read(secret)).username).toBe(before.username);
  expect(await logsIn(after)).toBe(true);
  expect(await logsIn(before)).toBe('28P01');
});

test('what either login creates belongs to one role, and both may use it', async () => {
  const secret = await rig.createUser('both', { database: `both_${rig.database}` });
  const owner = rig.name('both');
  await rig.query(secret, 'CREATE TABLE first_period (id int)');
  await rig.secrets.rotate(secret);
  await rig.query(
    secret,
    'INSERT INTO first_period VALUES (1); ALTER TABLE first_period ADD COLUMN note text; CREATE TABLE ' +
      'second_period (id int)',
  );
  expect(await rig.query(secret, 'SELECT session_user AS session, current_user AS current')).toEqual([
    { session: `${owner}_clone`, current: owner },
  ]);
  await rig.secrets.rotate(secret);
  expect(
    await rig.query(secret, "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"),
  ).toEqual([
    { tablename: 'first_period', tableowner: owner },
    { tablename: 'second_period', tableowner: owner },
  ]);
  await rig.query(secret, 'DROP TABLE second_period');
});

test("connection limit and an application's settings hold for both logins", async () => {
  const secret = await rig.createUser('settings', { privileges: 'connect' });
  const owner = rig.name('settings');
  await rig.inspect(`ALTER ROLE "${owner}" CONNECTION LIMIT 7;
    ALTER ROLE "${owner}" SET search_path TO "$user", 'odd "schema', public;
    ALTER ROLE "${owner}" SET statement_timeout TO '9s';
    ALTER ROLE "${owner}" IN DATABASE "${rig.database}" SET work_mem TO '5MB'`);
  await rig.secrets.rotate(secret);
  expect(
    await rig.query(
      secret,
      "SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout, " +
        "current_setting('work_mem') AS memory",
    ),
  ).toEqual([{ path: '"$user", "odd ""schema", public', timeout: '9s', memory: '5MB' }]);
  expect(await rig.inspect('SELECT rolconnlimit FROM pg_roles WHERE rolname = $1', [`${owner}_clone`])).toEqual([
    { rolconnlimit: 7 },
  ]);
  await rig.inspect(`ALTER ROLE "${owner}" RESET statement_timeout`);
  await rig.secrets.rotate(secret);
  await rig.secrets.rotate(secret);
  expect(await rig.query(secret, "SELECT current_setting('statement_timeout') AS timeout")).toEqual([{ timeout: '0' }]);
});

test("a lost membership is found by testSecret, and not taken for somebody else's role in silence", async () => {
  const secret = await rig.createUser('member', { privileges: 'connect' });
  const owner = rig.name('member');
  await rig.secrets.rotate(secret);
  await withClient(rig, rig.admin, 'postgres', client => client.query(`REVOKE "${owner}" FROM "${owner}_clone"`));
  expect(await rig.secrets.rotate(secret, { immediately: false })).toMatchObject({
    ok: false,
    step: 'testSecret',
    error: { errorType: 'Role' },
  });
  const refused = await rig.secrets.rotate(secret);
  expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
  expect(refused.error!.message).toContain(`GRANT "${owner}" TO "${owner}_clone"`);
  await withClient(rig, rig.admin, 'postgres', client => client.query(`GRANT "${owner}" TO "${owner}_clone"`));
  expect(await rig.secrets.retry(secret, refused.token)).toMatchObject({ ok: true });
});

// Memberships have options from PostgreSQL 16 on, and CREATEROLE alone is enough before.
const since16 = Number(process.env[MAJOR_VARIABLE] ?? 18) >= 16 ? test : test.skip;

since16(
  'a role that somebody else created is refused with the GRANT that is missing, and rotates once it is there',
  async () => {
    const login = { username: rig.name('foreign'), password: 'known-password' };
    await rig.inspect(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${login.password}'`);
    const secret = await rig.createSecret('foreign', rig.value(login, { masterarn: rig.adminSecret }));
    const refused = await rig.secrets.rotate(secret);
    expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'AdminOption' } });
    const grant = `GRANT "${login.username}" TO "${rig.admin.username}" WITH ADMIN OPTION`;
    expect(refused.error!.message).toContain(grant);
    await rig.inspect(grant);
    expect(await rig.secrets.retry(secret, refused.token)).toMatchObject({ ok: true });
  },
);

since16('a membership that lost SET is given it back by the next rotation', async () => {
  const secret = await rig.createUser('optional', { privileges: 'connect' });
  const owner = rig.name('optional');
  await rig.secrets.rotate(secret);
  await withClient(rig, rig.admin, 'postgres', client =>
    client.query(`GRANT "${owner}" TO "${owner}_clone" WITH SET FALSE`),
  );
  expect(await rig.secrets.rotate(secret, { immediately: false })).toMatchObject({
    ok: false,
    step: 'testSecret',
    error: { errorType: 'Role' },
  });
  for (let rotation = 0; rotation < 2; rotation++) {
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(await rig.query(secret, 'SELECT current_user AS who')).toEqual([{ who: owner }]);
  }
});

test("a secret whose value is rewritten to name another secret's user does not get its password", async () => {
  const [victim, thief] = [
    await rig.createUser('victim', { privileges: 'connect' }),
    await rig.createUser('thief', { privileges: 'connect' }),
  ];
  const SecretString = JSON.stringify({ ...(await rig.read(thief)), username: rig.name('victim') });
  await rig.secrets.client.send(new PutSecretValueCommand({ SecretId: thief, SecretString }));
  const result = await rig.secrets.rotate(thief);
  expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
  expect(result.error!.message).toContain('belongs to another secret');
  expect(await logsIn(await rig.read(victim))).toBe(true);
  expect(await rig.inspect('SELECT 1 FROM pg_roles WHERE rolname = $1', [`${rig.name('victim')}_clone`])).toEqual([]);
});

test("a role of the alternate's name that is not a member of the owner is left alone", async () => {
  const secret = await rig.createUser('namesake', { privileges: 'connect' });
  const stranger = { username: `${rig.name('namesake')}_clone`, password: 'stranger-password' };
  await rig.inspect(`CREATE ROLE "${stranger.username}" LOGIN PASSWORD '${stranger.password}'`);
  await expect(rig.secrets.rotate(secret)).resolves.toMatchObject({
    ok: false,
    step: 'setSecret',
    error: { errorType: 'Role' },
  });
  expect(await logsIn(stranger)).toBe(true);
  expect(await logsIn(await rig.read(secret))).toBe(true);
});

describe("a login with more than an application's rights", () => {
  beforeAll(() => createGroups(rig));

  test.each(
    Object.entries(RIGHTS).flatMap(
      ([reason, rights]) =>
        [
          ['first', reason, rights],
          ['second', reason, rights],
        ] as const,
    ),
  )('is refused as the %s of a pair, as one that %s', async (which, reason, rights) => {
    const first = rig.name(`more ${which} ${rights}`);
    const [mine, theirs] = which === 'first' ? [`${first}_clone`, first] : [first, `${first}_clone`];
    const login = { username: mine, password: 'known-password' };
    const privileged = { username: theirs, password: 'privileged-password' };
    await rig.inspect(
      `CREATE ROLE "${first}" LOGIN; CREATE ROLE "${first}_clone" LOGIN; GRANT "${first}" TO "${first}_clone"`,
    );
    const [attribute, group] = rights.split('IN ROLE ');
    await rig.inspect(group ? `GRANT ${group} TO "${theirs}"` : `ALTER ROLE "${theirs}" ${attribute}`);
    for (const { username, password } of [login, privileged]) {
      await rig.inspect(`ALTER ROLE "${username}" PASSWORD '${password}'`);
    }

    const refused = await rig.secrets.rotate(
      await rig.createSecret('more', rig.value(login, { masterarn: rig.adminSecret })),
    );
    expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
    // The second is a member of the first, and so of what the first is a member of.
    expect(refused.error!.message).toMatch(new RegExp(`"${first}(_clone)?" ${reason}`));
    for (const unchanged of [login, privileged]) expect(await logsIn(unchanged)).toBe(true);
  });

  test.each(['', '_clone'])('is refused as the admin, in a secret for <admin>%s', async suffix => {
    const login = { username: `${rig.admin.username}${suffix}`, password: rig.admin.password };
    const refused = await rig.secrets.rotate(
      await rig.createSecret('admin', rig.value(login, { masterarn: rig.adminSecret })),
    );
    expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
    expect(refused.error!.message).toContain(`"${rig.admin.username}" is the admin`);
    expect(await logsIn(rig.admin)).toBe(true);
    expect(await rig.inspect('SELECT 1 FROM pg_roles WHERE rolname = $1', [`${rig.admin.username}_clone`])).toEqual([]);
  });
});

test("a user whose own name ends as an alternate's has nobody to alternate with, and is left alone", async () => {
  const login = { username: `${rig.name('lonely')}_clone`, password: 'known-password' };
  await withClient(rig, rig.admin, 'postgres', client =>
    client.query(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${login.password}'`),
  );
  const refused = await rig.secrets.rotate(
    await rig.createSecret('lonely', rig.value(login, { masterarn: rig.adminSecret })),
  );
  expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
  expect(refused.error!.message).toContain(`the role "${rig.name('lonely')}" does not exist`);
  expect(await logsIn(login)).toBe(true);
});

test("a secret of AWS's own function rotates as it is, and keeps fields that are not ours", async () => {
  const owner = rig.name('aws made');
  await withClient(rig, rig.admin, 'postgres', client =>
    client.query(
      `CREATE ROLE "${owner}" LOGIN PASSWORD 'aws-password'; CREATE ROLE "${owner}_clone" LOGIN PASSWORD ` +
        `'x'; GRANT "${owner}" TO "${owner}_clone"`,
    ),
  );
  const login = { username: owner, password: 'aws-password' };
  const value = { ...rig.value(login, { masterarn: rig.adminSecret, port: String(rig.port) }), team: 'orders' };
  const secret = await rig.createSecret('aws', value);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  const after = await rig.read(secret);
  expect(after).toEqual({ ...value, username: `${owner}_clone`, password: after.password });
});

test("an admin secret that holds only user name and password, as RDS's own, is enough", async () => {
  const managed = await rig.createSecret('rds-managed', rig.admin);
  const secret = await rig.createUser('managed', { privileges: 'connect', adminSecretArn: managed });
  expect((await rig.read(secret)).masterarn).toBe(managed);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
});

test('the admin logs in while its own rotation stands between password and label', async () => {
  const other = await startRig();
  try {
    const secret = await other.createUser('raced');
    const stopped = await other.secrets.rotate(other.adminSecret, {
      beforeStep: step => {
        if (step === 'testSecret') throw new Error('stopped');
      },
    });
    expect(stopped.ok).toBe(false);
    expect(await other.secrets.rotate(secret)).toMatchObject({ ok: true });
  } finally {
    await other.stop();
  }
});
