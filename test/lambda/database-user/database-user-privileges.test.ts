import { FunctionProcess } from '../../local/function-process';
import { withClient } from '../../local/postgres';
import { changesOf, DeployedUser, membershipsOf } from '../support/deployed-user';
import { type Rig, startRig } from '../support/rig';

let rig: Rig;
let app: DeployedUser;
let owner: string;

/** What the application has, and makes later on; a third party's table beside it. */
beforeAll(async () => {
  rig = await startRig();
  app = await DeployedUser.create(rig, 'app');
  owner = app.username;
  await rig.inspect(
    'CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER there FOREIGN DATA WRAPPER elsewhere; GRANT ' +
      `USAGE ON FOREIGN SERVER there TO "${owner}"`,
  );
  await rig.secrets.rotate(app.secret); // so that the second login is in use, and makes what the first owns
  await rig.query(
    app.secret,
    `
    CREATE SCHEMA sales; CREATE SCHEMA hr; CREATE SCHEMA "odd ""name";
    CREATE TABLE sales.orders (id serial PRIMARY KEY, day date); INSERT INTO sales.orders (day) VALUES ('2026-11-21');
    CREATE TABLE sales.parted (day date) PARTITION BY RANGE (day);
    CREATE TABLE sales.part PARTITION OF sales.parted DEFAULT;
    CREATE VIEW sales.seen AS SELECT id FROM sales.orders;
    CREATE MATERIALIZED VIEW sales.kept AS SELECT id FROM sales.orders;
    CREATE FOREIGN TABLE sales.far (id int) SERVER there; CREATE TABLE hr.people (id int);
    CREATE TABLE public.plain (id int);
    CREATE TABLE "odd ""name"."odd ""table" (id int)`,
  );
  await rig.inspect('CREATE TABLE sales.others (id int)');
});
afterAll(() => rig.stop());

const READS = {
  'a table': 'SELECT * FROM sales.orders',
  'a partitioned table': 'SELECT * FROM sales.parted',
  'a partition': 'SELECT * FROM sales.part',
  'a view': 'SELECT * FROM sales.seen',
  'a materialized view': 'SELECT * FROM sales.kept',
  'a sequence': 'SELECT last_value FROM sales.orders_id_seq',
};
const WRITES = {
  inserts: "INSERT INTO sales.orders (day) VALUES ('2026-11-22')",
  updates: 'UPDATE sales.orders SET day = day',
  deletes: 'DELETE FROM sales.orders',
  draws: "SELECT nextval('sales.orders_id_seq')",
};
const NEVER = {
  truncates: 'TRUNCATE sales.orders',
  'sets a sequence': "SELECT setval('sales.orders_id_seq', 1)",
  creates: 'CREATE TABLE sales.mine (id int)',
  drops: 'DROP TABLE sales.orders',
  "reads what is another's": 'SELECT * FROM sales.others',
};
const abilities = async (user: DeployedUser, statements: Record<string, string>) =>
  Object.fromEntries(
    await Promise.all(Object.entries(statements).map(async ([name, text]) => [name, await user.may(text)] as const)),
  );
const all = (statements: Record<string, string>, answer: string) =>
  Object.fromEntries(Object.keys(statements).map(name => [name, answer]));

describe('a reader of all that the owner has', () => {
  let reader: DeployedUser;
  let memberships: unknown;
  beforeAll(async () => {
    memberships = await membershipsOf(rig);
    reader = await DeployedUser.create(rig, 'reader', { privileges: 'readOnly', owner });
  });

  test('reads whatever kind of table it is, and writes nothing', async () => {
    expect(await abilities(reader, READS)).toEqual(all(READS, 'may'));
    expect(await abilities(reader, { ...WRITES, ...NEVER })).toEqual(all({ ...WRITES, ...NEVER }, '42501'));
    expect(await reader.may('SELECT * FROM "odd ""name"."odd ""table"')).toBe('may');
    expect(await reader.may('SELECT * FROM sales.far')).toBe('55000'); // it may, and the wrapper has no handler
  });

  test('reads what the owner makes later, in schemas that it makes later too', async () => {
    await rig.query(
      app.secret,
      'CREATE SCHEMA later; CREATE TABLE later.made (id serial); CREATE TABLE sales.later (id int)',
    );
    expect(await reader.may('SELECT * FROM later.made')).toBe('may');
    expect(await reader.may('SELECT last_value FROM later.made_id_seq')).toBe('may');
    expect(await reader.may('SELECT * FROM sales.later')).toBe('may');
    expect(await reader.may('INSERT INTO later.made DEFAULT VALUES')).toBe('42501');
  });

  test('reads with either of its logins', async () => {
    expect(await rig.secrets.rotate(reader.secret)).toMatchObject({ ok: true });
    expect((await rig.read(reader.secret)).username).toBe(`${reader.username}_clone`);
    expect(await abilities(reader, READS)).toEqual(all(READS, 'may'));
  });

  test('leaves the admin with the memberships that it had', async () => {
    const own = [expect.objectContaining({ role: reader.username })];
    expect((await membershipsOf(rig)).filter(({ role }) => !String(role).startsWith(reader.username))).toEqual(
      memberships,
    );
    expect(await membershipsOf(rig)).not.toEqual(
      expect.arrayContaining([{ ...own[0], row: expect.objectContaining({ inherit_option: true }) }]),
    );
    expect(await rig.inspect("SELECT pg_has_role($1, $2, 'USAGE') AS has", [rig.admin.username, owner])).toEqual([
      { has: false },
    ]);
  });

  test('an update that declares the same sends nothing that changes anything', async () => {
    const before = changesOf(rig).length;
    await reader.update({ dbInstanceIdentifier: 'local' });
    await reader.request('Create', reader.properties);
    expect(changesOf(rig).slice(before)).toEqual([]);
  });

  test('what was taken from it by hand comes back', async () => {
    await rig.query(app.secret, `REVOKE SELECT ON sales.orders FROM "${reader.username}"`);
    await reader.update({});
    expect(await abilities(reader, READS)).toEqual(all(READS, 'may'));
  });
});

describe('privileges that change', () => {
  let user: DeployedUser;
  let users = 0;
  beforeEach(async () => {
    const given = { privileges: 'readWrite', owner, schemas: '["sales"]' } as const;
    user = await DeployedUser.create(rig, `changing ${users++}`, given);
  });

  test('a writer in one schema writes there, now and later, and has nothing elsewhere', async () => {
    expect(await abilities(user, { ...READS, ...WRITES })).toEqual(all({ ...READS, ...WRITES }, 'may'));
    expect(await abilities(user, NEVER)).toEqual(all(NEVER, '42501'));
    await rig.query(
      app.secret,
      'CREATE TABLE sales.after (id serial); CREATE TABLE hr.after (id int); CREATE SCHEMA unnamed; ' +
        'CREATE TABLE unnamed.it (id int)',
    );
    expect(await user.may('INSERT INTO sales.after DEFAULT VALUES')).toBe('may');
    expect([
      await user.may('SELECT * FROM hr.people'),
      await user.may('SELECT * FROM hr.after'),
      await user.may('SELECT * FROM unnamed.it'),
    ]).toEqual(['42501', '42501', '42501']);
  });

  test('a schema that is not there fails the update by its name, and what was is as it was', async () => {
    await expect(user.update({ schemas: '["sales", "missing"]', privileges: 'readOnly' })).rejects.toMatchObject({
      errorType: 'Configuration',
      errorMessage: expect.stringContaining('"missing"'),
    });
    expect(await abilities(user, { ...READS, ...WRITES })).toEqual(all({ ...READS, ...WRITES }, 'may'));
    await rig.query(app.secret, 'CREATE TABLE sales.afterwards (id serial)');
    expect(await user.may('INSERT INTO sales.afterwards DEFAULT VALUES')).toBe('may');
  });

  test('a writer that becomes a reader keeps no more than that, and what others gave it', async () => {
    await rig.query(
      app.secret,
      `GRANT TRUNCATE ON sales.orders TO "${user.username}"; GRANT SELECT ON hr.people TO ` +
        `"${user.username}"; GRANT USAGE ON SCHEMA hr TO "${user.username}"`,
    );
    await user.update({ privileges: 'readOnly' });
    expect(await abilities(user, READS)).toEqual(all(READS, 'may'));
    expect(await abilities(user, WRITES)).toEqual(all(WRITES, '42501'));
    expect(await user.may('TRUNCATE sales.orders')).toBe('may');
    expect(await user.may('SELECT * FROM hr.people')).toBe('may');
    await rig.query(app.secret, 'CREATE TABLE sales.last (id int)');
    expect([await user.may('SELECT * FROM sales.last'), await user.may('INSERT INTO sales.last VALUES (1)')]).toEqual([
      'may',
      '42501',
    ]);
  });

  test('another schema takes the place of the first', async () => {
    await user.update({ schemas: '["odd \\"name"]' });
    expect(await abilities(user, READS)).toEqual(all(READS, '42501'));
    expect(await user.may('SELECT * FROM "odd ""name"."odd ""table"')).toBe('may');
  });

  test('a reader that becomes one who may connect has no trace of it in the database', async () => {
    await rig.query(app.secret, `GRANT TRUNCATE ON sales.orders TO "${user.username}"`);
    await user.update({ privileges: 'readOnly', schemas: undefined });
    expect(await abilities(user, READS)).toEqual(all(READS, 'may'));
    await user.update({ privileges: 'connect', owner: undefined });
    expect(await abilities(user, READS)).toEqual(all(READS, '42501'));
    const said = await rig.inspect(
      `SELECT DISTINCT classid::regclass::text AS of FROM pg_shdepend
      WHERE refobjid = $1::regrole AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [`"${user.username}"`],
    );
    expect(said).toEqual([{ of: 'pg_class' }]); // TRUNCATE, which the owner gave by hand, and no declaration ever said
  });
});

describe('more databases', () => {
  const [second, third] = ['second', 'third'];
  let user: DeployedUser;
  const further = (...grants: unknown[]) => JSON.stringify(grants);
  const name = (role: string) => rig.name(role);

  beforeAll(async () => {
    await DeployedUser.create(rig, 'other', { database: name(second) }).then(other =>
      rig.query(other.secret, 'CREATE TABLE its (id int)'),
    );
    user = await DeployedUser.create(rig, 'wide', {
      database: name(third),
      furtherGrants: further(
        { database: rig.database, privileges: 'readOnly', owner, schemas: ['hr'] },
        { database: name(second), privileges: 'readWrite', owner: name('other') },
      ),
    });
  });

  test('have privileges of their own each', async () => {
    expect(await user.may('CREATE TABLE mine (id int)', name(third))).toBe('may');
    expect(await user.may('SELECT * FROM hr.people')).toBe('may');
    expect(await user.may('SELECT * FROM sales.orders')).toBe('42501');
    expect(await user.may('INSERT INTO its VALUES (1)', name(second))).toBe('may');
  });

  test('one that is not there fails the update by its name; the others are as they were', async () => {
    await expect(
      user.update({ furtherGrants: further({ database: name('nowhere'), privileges: 'readOnly', owner }) }),
    ).rejects.toMatchObject({ errorType: 'DatabaseMissing', errorMessage: expect.stringContaining(name('nowhere')) });
    expect(await user.may('SELECT * FROM hr.people')).toBe('may');
    expect(await user.may('INSERT INTO its VALUES (1)', name(second))).toBe('may');
  });

  test('one that is declared no more is shut, also where not everybody may connect', async () => {
    await rig.inspect(`REVOKE CONNECT ON DATABASE "${name(second)}" FROM PUBLIC`);
    await user.update({});
    expect(await user.may('SELECT * FROM its', name(second))).toBe('may');
    await user.update({ furtherGrants: undefined });
    expect(await user.may('SELECT 1', name(second))).toBe('42501');
    expect(await user.may('SELECT * FROM hr.people')).toBe('42501');
    expect(
      await rig.inspect("SELECT has_database_privilege($1, $2, 'CONNECT') AS may", [rig.admin.username, name(second)]),
    ).toEqual([{ may: false }]);
  });
});

test('many readers of one owner are created at the same time, with a database that none of them finds', async () => {
  const names = [1, 2, 3, 4, 5].map(number => `crowd${number}`);
  // One process is one invocation at a time.
  const processes = names.map(
    () => new FunctionProcess('database-user', { ...rig.secrets.environment, NODE_EXTRA_CA_CERTS: rig.caFile }),
  );
  try {
    const readers = await Promise.all(
      names.map((role, index) =>
        DeployedUser.create({ ...rig, databaseUser: processes[index] }, role, {
          privileges: 'readOnly',
          owner,
          furtherGrants: JSON.stringify([{ database: rig.name('shared'), privileges: 'connect' }]),
        }),
      ),
    );
    for (const reader of readers) expect(await abilities(reader, READS)).toEqual(all(READS, 'may'));
    expect(await rig.inspect("SELECT pg_has_role($1, $2, 'USAGE') AS has", [rig.admin.username, owner])).toEqual([
      { has: false },
    ]);
  } finally {
    await Promise.all(processes.map(process => process.stop()));
  }
});

test('a table that goes while privileges on it are given is passed over', async () => {
  await rig.query(app.secret, 'CREATE TABLE sales.going (id int)');
  const { username, password } = await rig.read(app.secret);
  await withClient(rig, { username, password }, rig.database, async client => {
    await client.query('BEGIN; DROP TABLE sales.going');
    const creation = DeployedUser.create(rig, 'in between', { privileges: 'readOnly', owner });
    const waiting = "SELECT FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'";
    while ((await rig.inspect(waiting, [rig.admin.username])).length === 0) await new Promise(setImmediate);
    await client.query('COMMIT');
    expect(await abilities(await creation, READS)).toEqual(all(READS, 'may'));
  });
});

test('an owner that is not there is named, and the new user is not left behind', async () => {
  await expect(
    DeployedUser.create(rig, 'orphan', { privileges: 'readOnly', owner: 'nobody-of-that-name' }),
  ).rejects.toMatchObject({ errorType: 'Role', errorMessage: expect.stringContaining('nobody-of-that-name') });
  expect(await rig.inspect('SELECT FROM pg_roles WHERE rolname LIKE $1', [`${rig.name('orphan')}%`])).toEqual([]);
});

test('an owner that somebody else created is named, with what they run', async () => {
  const foreign = rig.name('foreign');
  await rig.inspect(
    `CREATE ROLE "${foreign}"; CREATE TABLE public.foreign_table (id int); ALTER TABLE ` +
      `public.foreign_table OWNER TO "${foreign}"`,
  );
  const creation = DeployedUser.create(rig, 'of foreign', { privileges: 'readOnly', owner: foreign });
  if ((await version()) < 160_000) {
    expect(await (await creation).may('SELECT * FROM public.foreign_table')).toBe('may');
  } else {
    await expect(creation).rejects.toMatchObject({
      errorType: 'AdminOption',
      errorMessage: expect.stringContaining(`GRANT "${foreign}" TO`),
    });
  }
});

const version = async () => Number((await rig.inspect('SHOW server_version_num'))[0].server_version_num);

test('what the admin may not give is an error, and not the warning that PostgreSQL has for it', async () => {
  const other = await DeployedUser.create(rig, 'guest', { database: rig.name('guests') });
  const inside = (text: string, login = rig.superuser) =>
    withClient(rig, login, rig.name('guests'), client => client.query(text));
  await inside(
    `CREATE SCHEMA third; GRANT USAGE ON SCHEMA third TO "${rig.admin.username}"; GRANT USAGE, CREATE ` +
      `ON SCHEMA third TO "${other.username}"`,
  );
  await rig.query(other.secret, 'CREATE TABLE third.its (id int)');
  const reads = { database: rig.name('guests'), privileges: 'readOnly', owner: other.username } as const;
  await expect(DeployedUser.create(rig, 'hopeful', reads)).rejects.toMatchObject({
    errorType: 'Privilege',
    errorMessage: expect.stringContaining(`GRANT USAGE ON SCHEMA "third" TO "${rig.name('hopeful')}"`),
  });
  await inside('GRANT USAGE ON SCHEMA third TO PUBLIC');
  const reader = await DeployedUser.create(rig, 'hopeful', reads);
  expect(await reader.may('SELECT * FROM third.its', rig.name('guests'))).toBe('may');
});

test('a membership that the admin has given itself stays, with its options', async () => {
  const options = (await version()) >= 160_000 ? ' WITH INHERIT FALSE, SET TRUE' : '';
  await withClient(rig, rig.admin, 'postgres', client => client.query(`GRANT "${owner}" TO CURRENT_USER${options}`));
  const before = (await membershipsOf(rig)).filter(({ role }) => role === owner);
  const user = await DeployedUser.create(rig, 'beside', { privileges: 'readOnly', owner });
  expect(await abilities(user, READS)).toEqual(all(READS, 'may'));
  expect((await membershipsOf(rig)).filter(({ role }) => role === owner)).toEqual(before);
});

test.each([
  ['privileges', { privileges: 'everything' }],
  ['owner', { privileges: 'readOnly' }],
  ['schemas', { privileges: 'readOnly', owner: 'x', schemas: '"sales"' }],
  ['schemas', { privileges: 'readOnly', owner: 'x', schemas: 'sales' }],
  ['furtherGrants', { furtherGrants: '{}' }],
  [
    'privileges twice',
    { privileges: 'connect', database: 'one', furtherGrants: '[{"database":"one","privileges":"connect"}]' },
  ],
  ['strategy', { strategy: 'both' }],
  ['authentication', { authentication: 'kerberos' }],
  ['onDelete', { onDelete: 'explode' }],
])('a request with wrong %s is refused by that name, before anything is done', async (property, given) => {
  const before = changesOf(rig).length;
  const user = new DeployedUser(rig, 'wrong', 'arn');
  await expect(user.create(given as object)).rejects.toMatchObject({
    errorType: 'InvalidEvent',
    errorMessage: expect.stringContaining(property),
  });
  expect(changesOf(rig)).toHaveLength(before);
});
