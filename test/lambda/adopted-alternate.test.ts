import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { type Rig, startRig } from './rig';
import { type Login, withClient } from '../local/postgres';
import { MAJOR_VARIABLE } from '../local/postgres-binaries';

const MAJOR = Number(process.env[MAJOR_VARIABLE] ?? 18);

let rig: Rig;
beforeAll(async () => { rig = await startRig(); });
afterAll(() => rig.stop());

/** An application whose two logins AWS's own function has made, and the names that its statements use. */
interface Application {
  readonly secret: string;
  readonly owner: Login;
  readonly alternate: Login;
  /** Another application, which shares the database and has given the alternate something. */
  readonly third: Login;
  readonly database: string;
  readonly otherDatabase: string;
}

const connection = ({ username: user, password }: Login) =>
  ({ host: rig.host, port: rig.port, user, password, ssl: { ca: readFileSync(rig.caFile, 'utf8') } });

/** Statements of one login in one database. */
async function as<T>(login: Login, database: string, use: (client: Client) => Promise<T>): Promise<T> {
  return withClient(rig, login, database, use);
}
const run = (login: Login, database: string, text: string) => as(login, database, async client => { await client.query(text); });
const superuser = (database: string, text: string) => run(rig.superuser, database, text);

/** What AWS's function does, as the admin, statement by statement. The login of AWSCURRENT is the one in use. */
async function createApplication(role: string, inUse: 'owner' | 'alternate'): Promise<Application> {
  const [owner, third] = [role, `${role} third`].map(name => ({ username: rig.name(name), password: `initial-${randomUUID()}` }));
  const alternate = { username: `${owner.username}_clone`, password: `initial-${randomUUID()}` };
  const [database, otherDatabase] = ['first', 'second'].map(name => rig.name(`${role} ${name}`));
  await run(rig.admin, 'postgres', `CREATE ROLE "${owner.username}" LOGIN PASSWORD '${owner.password}'`);
  await run(rig.admin, 'postgres', `CREATE ROLE "${alternate.username}" WITH LOGIN PASSWORD '${alternate.password}'`);
  await run(rig.admin, 'postgres', `GRANT "${owner.username}" TO "${alternate.username}"`);
  await superuser('postgres', `CREATE ROLE "${third.username}" LOGIN PASSWORD '${third.password}'`);
  for (const name of [database, otherDatabase]) {
    await superuser('postgres', `CREATE DATABASE "${name}"`);
    await superuser(name, `GRANT CREATE ON DATABASE "${name}" TO "${owner.username}", "${third.username}";
      GRANT CREATE ON SCHEMA public TO "${owner.username}", "${third.username}"`);
  }
  const login = inUse === 'owner' ? owner : alternate;
  const secret = await rig.createSecret('aws', rig.value(login, { dbname: database, masterarn: rig.adminSecret }));
  return { secret, owner, alternate, third, database, otherDatabase };
}

/** What the application's code does, each on its own. */
const USES: Record<string, string> = {
  'reads its table': 'SELECT id FROM own_table',
  'writes its table, and draws from its sequence': 'INSERT INTO own_table DEFAULT VALUES',
  'alters its table': 'ALTER TABLE own_table ADD COLUMN more int',
  'drops its table': 'DROP TABLE own_table CASCADE',
  'reads its view': 'SELECT * FROM own_view',
  'refreshes its materialized view': 'REFRESH MATERIALIZED VIEW own_materialized',
  'calls its function': 'SELECT own_function()',
  'replaces its function': 'CREATE OR REPLACE FUNCTION own_function() RETURNS int LANGUAGE sql AS $$SELECT 2$$',
  'calls its procedure': 'CALL own_procedure()',
  'uses its type': "SELECT 'a'::own_type",
  'changes its type': 'ALTER TYPE own_type RENAME TO other_type',
  'creates in its schema': 'CREATE TABLE own_schema.more (id int)',
  'drops its schema': 'DROP SCHEMA own_schema CASCADE',
  'reads its large object': 'SELECT lo_get(lo) FROM own_large_object',
  'changes its large object': "SELECT lo_put(lo, 0, 'x') FROM own_large_object",
  'reads another\'s table': 'SELECT * FROM third.granted',
  'writes another\'s table': 'INSERT INTO third.granted VALUES (1)',
  'reads a column of another\'s table': 'SELECT a FROM third.columns',
  'changes a column of another\'s table': 'UPDATE third.columns SET b = 2',
  'draws from another\'s sequence': "SELECT nextval('third.numbers')",
  'calls another\'s function': 'SELECT third.reserved(1)',
  'uses another\'s type': 'CREATE TEMPORARY TABLE t (x third.reserved_type)',
  'creates in another\'s schema': 'CREATE TABLE third.mine (id int)',
  'reads another\'s large object': 'SELECT lo_get(lo) FROM third.large_object',
  'sees the rows that a policy lets it see': 'SELECT 1 / count(*) FROM third.policed',
  'reads what another creates later': 'SELECT * FROM third.later',
  'reads what its group may': 'SELECT * FROM third.for_group',
};

/** Which of its statements a session of the application may run; else why not. */
async function abilities(client: Client): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [use, statement] of Object.entries(USES)) {
    await client.query('BEGIN');
    found[use] = await client.query(statement).then(() => 'may', error => `${error.code} ${error.message}`);
    await client.query('ROLLBACK');
  }
  return found;
}
const ALL = Object.fromEntries(Object.keys(USES).map(use => [use, 'may']));

/** Gives the alternate whatever an application can have, in two databases. */
async function furnish({ alternate, owner, third, database, otherDatabase }: Application): Promise<void> {
  const [clone, other] = [`"${alternate.username}"`, `"${third.username}"`];
  const group = `"${rig.name(`group of ${owner.username}`)}"`;
  await run(rig.admin, 'postgres', `CREATE ROLE ${group}; GRANT ${group} TO ${clone}`);
  await run(third, database, `
    CREATE SCHEMA third;
    CREATE TABLE third.granted (id int); CREATE TABLE third.columns (a int, b int); CREATE TABLE third.policed AS SELECT 1 AS id;
    CREATE TABLE third.for_group (id int); CREATE SEQUENCE third.numbers; CREATE TYPE third.reserved_type AS ENUM ('a');
    CREATE FUNCTION third.reserved(int) RETURNS int LANGUAGE sql AS $$SELECT $1$$;
    CREATE TABLE third.large_object AS SELECT lo_create(0) AS lo;
    REVOKE EXECUTE ON FUNCTION third.reserved(int) FROM PUBLIC; REVOKE USAGE ON TYPE third.reserved_type FROM PUBLIC;
    ALTER TABLE third.policed ENABLE ROW LEVEL SECURITY;
    GRANT SELECT ON third.for_group TO ${group}; GRANT USAGE ON SCHEMA third TO PUBLIC`);
  await run(third, database, `
    GRANT CREATE ON SCHEMA third TO ${clone} WITH GRANT OPTION;
    GRANT SELECT, INSERT ON third.granted TO ${clone} WITH GRANT OPTION;
    GRANT SELECT (a), UPDATE (b) ON third.columns TO ${clone} WITH GRANT OPTION;
    GRANT USAGE ON SEQUENCE third.numbers TO ${clone} WITH GRANT OPTION;
    GRANT EXECUTE ON FUNCTION third.reserved(int) TO ${clone} WITH GRANT OPTION;
    GRANT USAGE ON TYPE third.reserved_type TO ${clone} WITH GRANT OPTION;
    GRANT SELECT ON third.policed, third.large_object TO PUBLIC;
    DO $$BEGIN EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO ${clone} WITH GRANT OPTION', (SELECT lo FROM third.large_object)); END$$`);
  await run(alternate, database, `
    CREATE TABLE own_table (id serial PRIMARY KEY, note text); INSERT INTO own_table DEFAULT VALUES;
    CREATE VIEW own_view AS SELECT o.id FROM own_table AS o, third.granted; CREATE MATERIALIZED VIEW own_materialized AS SELECT id FROM own_table;
    CREATE FUNCTION own_function() RETURNS int LANGUAGE sql AS $$SELECT 1$$; CREATE PROCEDURE own_procedure() LANGUAGE sql AS $$SELECT 1$$;
    CREATE TYPE own_type AS ENUM ('a'); CREATE TABLE own_large_object AS SELECT lo_create(0) AS lo;
    CREATE SCHEMA own_schema; CREATE TABLE own_schema.nested (id int);
    CREATE FUNCTION third.in_their_schema() RETURNS int LANGUAGE sql AS $$SELECT 1$$;
    GRANT SELECT ON own_table TO ${other};
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${other};
    ALTER DEFAULT PRIVILEGES IN SCHEMA own_schema GRANT INSERT ON TABLES TO ${other} WITH GRANT OPTION;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`);
  await run(alternate, otherDatabase, 'CREATE TABLE elsewhere (id int)');
}

/** What only the other application can give. */
const byThird = ({ third }: Application, login: Login) => [
  `CREATE POLICY "seen by it" ON third.policed TO "${login.username}" USING (true)`,
  `ALTER DEFAULT PRIVILEGES FOR ROLE "${third.username}" IN SCHEMA third GRANT SELECT ON TABLES TO "${login.username}"`,
];

/** Runs the script of a refusal as it says, line by line. */
async function obey(app: Application, message: string): Promise<string[]> {
  const lines = message.split('\n').slice(1);
  let database = 'postgres';
  for (const line of lines) {
    const [, name] = /^-- in the database (".*")$/.exec(line) ?? [];
    if (name !== undefined) {
      database = JSON.parse(name);
      continue;
    }
    const [, statement, by] = /^(.*); -- as ("[^"]*"|an admin of the roles named)/.exec(line)!;
    await run(by === JSON.stringify(app.third.username) ? app.third : rig.superuser, database, statement);
  }
  return lines;
}

/** Sessions of the application that stand all the time, and work. */
async function standing(app: Application) {
  const clients = await Promise.all([app.owner, app.alternate].map(async login => {
    const client = new Client({ ...connection(login), database: app.database });
    await client.connect();
    return client;
  }));
  const [owner, alternate] = clients;
  return {
    owner,
    alternate,
    /** Works on and on in both sessions until the work is done; how often. */
    async during(work: Promise<unknown>): Promise<number> {
      let [done, times] = [false, 0];
      void work.finally(() => { done = true; });
      while (!done) {
        await alternate.query('INSERT INTO own_table DEFAULT VALUES; SELECT own_function(); SELECT * FROM third.granted');
        await owner.query('INSERT INTO owners_table VALUES (1)');
        times++;
      }
      return times;
    },
    end: () => Promise.all(clients.map(client => client.end())),
  };
}

const owners = (app: Application, database: string) => as(rig.superuser, database, async client => (await client.query<{ owner: string }>(`
  SELECT DISTINCT pg_get_userbyid(refobjid) AS owner FROM pg_shdepend WHERE deptype = 'o' AND refclassid = 'pg_authid'::regclass
    AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid <> 'pg_default_acl'::regclass
    AND pg_get_userbyid(refobjid) IN ($1, $2)`, [app.owner.username, app.alternate.username])).rows.map(row => row.owner));
const handOvers = () => rig.serverLog().match(/REASSIGN OWNED/g)?.length ?? 0;

describe.each(['owner', 'alternate'] as const)('an alternate that AWS\'s function made, while the %s is in use', inUse => {
  let app: Application;
  let sessions: Awaited<ReturnType<typeof standing>>;
  let refused: Awaited<ReturnType<Rig['secrets']['rotate']>>;
  let inBetween: number;

  beforeAll(async () => {
    app = await createApplication(`aws ${inUse}`, inUse);
    await furnish(app);
    await run(app.third, app.database, `${byThird(app, app.alternate).join(';')}; CREATE TABLE third.later (id int)`);
    await run(app.owner, app.database, 'CREATE TABLE owners_table (id int)');
    sessions = await standing(app);
    expect(await abilities(sessions.alternate)).toEqual(ALL);
    expect(await abilities(sessions.owner)).not.toEqual(ALL);

    refused = await rig.secrets.rotate(app.secret);
    expect(await abilities(sessions.alternate)).toEqual(ALL);
  });
  afterAll(() => sessions.end());

  test('is refused as long as others have to give what it has, and nothing has changed hands', async () => {
    expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
    expect((await owners(app, app.database)).sort()).toEqual([app.owner.username, app.alternate.username]);
    expect(await owners(app, app.otherDatabase)).toEqual([app.alternate.username]);
    expect(await rig.query(app.secret, 'SELECT current_user AS who')).toEqual([{ who: (await rig.read(app.secret)).username }]);
  });

  test('rotates once they have run the script of the error, while its sessions work on', async () => {
    expect(await obey(app, refused.error!.message)).toEqual([
      `-- in the database "${app.database}"`,
      expect.stringContaining(`GRANT SELECT ON TABLE third.later TO "${app.owner.username}"`),
      expect.stringContaining('ALTER POLICY "seen by it"'),
      expect.stringContaining('ALTER DEFAULT PRIVILEGES'),
    ]);
    const retry = rig.secrets.retry(app.secret, refused.token);
    inBetween = await sessions.during(retry);
    expect(await retry).toMatchObject({ ok: true });
    expect(inBetween).toBeGreaterThan(0);
  });

  test('its sessions start as the owner and may do all that they could before, those of the owner and those that stand too', async () => {
    const login = await rig.read(app.secret);
    expect(login.username).toBe(inUse === 'owner' ? app.alternate.username : app.owner.username);
    expect(await rig.query(app.secret, 'SELECT current_user AS who')).toEqual([{ who: app.owner.username }]);
    expect(await as(login, app.database, abilities)).toEqual(ALL);
    expect(await abilities(sessions.alternate)).toEqual(ALL);
    expect(await abilities(sessions.owner)).toEqual(ALL);
  });

  test('all that it owned is the owner\'s, in each database', async () => {
    expect(await owners(app, app.database)).toEqual([app.owner.username]);
    expect(await owners(app, app.otherDatabase)).toEqual([app.owner.username]);
  });

  test('gives others by default what it gave before, and passes on what it could', async () => {
    const group = `"${rig.name(`group of ${app.owner.username}`)}"`;
    await rig.query(app.secret, `CREATE TABLE made_later AS SELECT 1 AS id; CREATE TABLE own_schema.later (id int);
      CREATE FUNCTION made_later() RETURNS int LANGUAGE sql AS $$SELECT 1$$; GRANT USAGE ON SCHEMA own_schema TO PUBLIC;
      GRANT SELECT ON third.granted TO ${group}`);
    await run(app.third, app.database, `SELECT * FROM own_table; SELECT * FROM made_later;
      INSERT INTO own_schema.later VALUES (1); GRANT INSERT ON own_schema.later TO ${group}`);
    await expect(run(app.third, app.database, 'SELECT made_later()')).rejects.toMatchObject({ code: '42501' });
    await run(app.third, app.database, 'CREATE TABLE third.latest (id int)');
    await rig.query(app.secret, 'SELECT * FROM third.latest');
  });

  test('is done with: the next rotations hand nothing over', async () => {
    const before = handOvers();
    for (let rotation = 0; rotation < 2; rotation++) {
      expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
      expect(await as(await rig.read(app.secret), app.database, abilities)).toEqual(ALL);
    }
    expect(handOvers()).toBe(before);
  });
});

describe('what it cannot hand over by itself', () => {
  /** Its application and something of the alternate's, the lines that the refusal has for it, and whether it rotates once they are obeyed. */
  async function refusal(role: string, give: (app: Application) => Promise<unknown>) {
    const app = await createApplication(role, 'owner');
    await give(app);
    const result = await rig.secrets.rotate(app.secret);
    expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
    expect(await rig.query(app.secret, 'SELECT current_user AS who')).toEqual([{ who: app.owner.username }]);
    const { message } = result.error!;
    const retries = async () => (await rig.secrets.retry(app.secret, result.token)).ok;
    return {
      app,
      lines: message.split('\n').slice(1),
      retries,
      rotates: async () => {
        await obey(app, message);
        return retries();
      },
    };
  }

  test('privileges without grant option are for who has them to give', async () => {
    const { app, lines, rotates } = await refusal('plain', ({ alternate, third, database }) => run(third, database, `
      CREATE SCHEMA third; CREATE TABLE third.t (a int, "b c" int); CREATE FUNCTION third.f(int, text) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
      GRANT USAGE ON SCHEMA third TO "${alternate.username}"; GRANT INSERT, SELECT ON third.t TO "${alternate.username}";
      GRANT UPDATE ("b c") ON third.t TO "${alternate.username}"; REVOKE EXECUTE ON FUNCTION third.f FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION third.f TO "${alternate.username}"`));
    const [owner, by] = [`TO "${app.owner.username}"; -- as "${app.third.username}"`, ''];
    expect(lines).toEqual([
      `-- in the database "${app.database}"`, `GRANT EXECUTE ON ROUTINE third.f(integer,pg_catalog.text) ${owner}${by}`, `GRANT USAGE ON SCHEMA third ${owner}`,
      expect.stringMatching(/^GRANT (INSERT|SELECT|UPDATE \("b c"\))(, (INSERT|SELECT|UPDATE \("b c"\))){2} ON TABLE third.t TO /),
    ]);
    expect(await rotates()).toBe(true);
  });

  test('privileges of every kind that PostgreSQL knows', async () => {
    const { app, lines, rotates } = await refusal('kinds', async ({ alternate, database, otherDatabase }) => {
      const clone = `"${alternate.username}"`;
      await superuser(database, `
        CREATE VIEW a_view AS SELECT 1; CREATE MATERIALIZED VIEW a_materialized AS SELECT 1; CREATE SEQUENCE a_sequence; CREATE DOMAIN "a domain" AS int;
        CREATE FOREIGN DATA WRAPPER "a wrapper"; CREATE SERVER "a server" FOREIGN DATA WRAPPER "a wrapper"; CREATE FOREIGN TABLE a_foreign (id int) SERVER "a server";
        CREATE PROCEDURE a_procedure(int, "a domain") LANGUAGE sql AS $$SELECT 1$$; CREATE AGGREGATE an_aggregate(int) (SFUNC = int4pl, STYPE = int);
        CREATE FUNCTION a_variadic(VARIADIC int[]) RETURNS int LANGUAGE sql AS $$SELECT 1$$; SELECT lo_create(4711);
        REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM PUBLIC; REVOKE ALL ON DOMAIN "a domain" FROM PUBLIC; REVOKE ALL ON LANGUAGE sql FROM PUBLIC;
        GRANT ALL ON ALL ROUTINES IN SCHEMA public TO ${clone}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${clone};
        GRANT UPDATE ON SEQUENCE a_sequence TO ${clone}; GRANT USAGE ON DOMAIN "a domain" TO ${clone}; GRANT USAGE ON LANGUAGE sql TO ${clone};
        GRANT USAGE ON FOREIGN DATA WRAPPER "a wrapper" TO ${clone}; GRANT USAGE ON FOREIGN SERVER "a server" TO ${clone};
        GRANT UPDATE ON LARGE OBJECT 4711 TO ${clone}; GRANT CREATE ON TABLESPACE pg_default TO ${clone}`);
      if (MAJOR >= 15) await superuser(database, `GRANT SET ON PARAMETER log_min_messages TO ${clone}`);
      await run(alternate, otherDatabase, 'CREATE TABLE elsewhere ()');
    });
    expect(lines.filter(line => /TABLESPACE|PARAMETER/.test(line))).toHaveLength(MAJOR >= 15 ? 2 : 1);
    expect(await rotates()).toBe(true);
    expect(await as(rig.superuser, app.database, async client => (await client.query(`SELECT unnest(ARRAY[
      has_table_privilege($1, 'a_view', 'SELECT'), has_table_privilege($1, 'a_materialized', 'SELECT'), has_table_privilege($1, 'a_foreign', 'SELECT'),
      has_sequence_privilege($1, 'a_sequence', 'UPDATE'), has_type_privilege($1, '"a domain"', 'USAGE'), has_language_privilege($1, 'sql', 'USAGE'),
      has_function_privilege($1, 'a_procedure(int, "a domain")', 'EXECUTE'), has_function_privilege($1, 'an_aggregate(int)', 'EXECUTE'),
      has_function_privilege($1, 'a_variadic(int[])', 'EXECUTE'), has_foreign_data_wrapper_privilege($1, 'a wrapper', 'USAGE'),
      has_server_privilege($1, 'a server', 'USAGE'), has_tablespace_privilege($1, 'pg_default', 'CREATE')]) AS has`, [app.owner.username])).rows))
      .toEqual(Array(12).fill({ has: true }));
  });

  test('what it made in a schema where the owner may create nothing', async () => {
    const { app, lines, rotates } = await refusal('schema', async ({ alternate, third, database }) => {
      await run(third, database, `CREATE SCHEMA third; GRANT USAGE, CREATE ON SCHEMA third TO "${alternate.username}"`);
      await run(alternate, database, 'CREATE FUNCTION third.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$');
    });
    expect(lines).toEqual(expect.arrayContaining([
      expect.stringMatching(`^GRANT (CREATE, USAGE|USAGE, CREATE) ON SCHEMA third TO "${app.owner.username}"; -- as "${app.third.username}"`),
      expect.stringContaining('permission denied for schema third'),
    ]));
    expect(await rotates()).toBe(true);
  });

  test('a name with a line break in it adds no statement to the script', async () => {
    const { lines } = await refusal('hostile', async ({ alternate, third, database }) => {
      const schema = '"x\nDROP TABLE app; --"';
      await run(third, database, `CREATE SCHEMA ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema} TO "${alternate.username}"`);
      await run(alternate, database, `CREATE FUNCTION ${schema}.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$`);
    });
    const outsideOfNames = lines.join('\n').split('"').filter((_, index) => index % 2 === 0).join('""');
    expect(outsideOfNames).toContain('permission denied for schema x DROP TABLE app');
    expect(outsideOfNames).not.toMatch(/^DROP/m);
  });

  test('a database that nobody may connect to, or not the alternate', async () => {
    const { app, lines, rotates } = await refusal('closed', async ({ alternate, database, otherDatabase }) => {
      await run(alternate, otherDatabase, 'CREATE TABLE elsewhere (id int)');
      await run(alternate, database, 'CREATE TABLE here (id int)');
      await superuser('postgres', `REVOKE CONNECT ON DATABASE "${otherDatabase}" FROM PUBLIC; ALTER DATABASE "${otherDatabase}" ALLOW_CONNECTIONS false`);
    });
    expect(lines).toEqual([
      expect.stringContaining(`ALTER DATABASE "${app.otherDatabase}" ALLOW_CONNECTIONS true; -- as "${rig.superuser.username}"`),
      expect.stringContaining(`GRANT CONNECT ON DATABASE "${app.otherDatabase}" TO "${app.owner.username}"; -- as "${rig.superuser.username}"`),
    ]);
    expect(await owners(app, app.database)).toEqual([app.alternate.username]);
    expect(await rotates()).toBe(true);
  });

  test('a membership that would go in a circle, and one that the admin may not give', async () => {
    const [group, circle] = ['group', 'circle'].map(name => rig.name(name));
    const { app, lines, rotates } = await refusal('member', ({ owner, alternate }) => superuser('postgres', `
      CREATE ROLE "${group}"; GRANT "${group}" TO "${alternate.username}" WITH ADMIN OPTION;
      CREATE ROLE "${circle}"; GRANT "${owner.username}" TO "${circle}"; GRANT "${circle}" TO "${alternate.username}"`));
    const revoke = `REVOKE "${circle}" FROM "${app.alternate.username}"; -- as an admin of the roles named ("${circle}" is itself a member of "${app.owner.username}")`;
    // Before PostgreSQL 16 an admin may give any.
    expect(lines).toEqual([revoke, ...MAJOR >= 16 ? [`GRANT "${group}" TO "${app.owner.username}" WITH INHERIT true, SET true, ADMIN true; -- as an admin of the roles named`] : []]);
    expect(await rotates()).toBe(true);
    expect(await rig.query(app.secret, `SELECT pg_has_role('${group}', 'MEMBER WITH ADMIN OPTION') AS administers`)).toEqual([{ administers: true }]);
  });

  test('a user mapping, whose options may hold a password', async () => {
    const { app, lines, retries } = await refusal('mapping', ({ alternate, database }) => superuser(database, `
      CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER "far away" FOREIGN DATA WRAPPER wrapper;
      CREATE USER MAPPING FOR "${alternate.username}" SERVER "far away" OPTIONS (password 'not-to-be-shown')`));
    expect(lines).toEqual([
      `-- in the database "${app.database}"`,
      `CREATE USER MAPPING FOR "${app.owner.username}" SERVER "far away" OPTIONS (…); -- as "${rig.superuser.username}"`,
    ]);
    await superuser(app.database, `CREATE USER MAPPING FOR "${app.owner.username}" SERVER "far away"`);
    expect(await retries()).toBe(true);
  });
});

test('a right to create databases goes to the owner', async () => {
  const app = await createApplication('creator', 'owner');
  await superuser('postgres', `ALTER ROLE "${app.alternate.username}" CREATEDB`);
  expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
  expect(await rig.query(app.secret, 'SELECT rolname, rolcreatedb FROM pg_roles WHERE rolname = current_user'))
    .toEqual([{ rolname: app.owner.username, rolcreatedb: true }]);
});

test('what a session from before creates afterwards is handed over by the next rotation', async () => {
  const app = await createApplication('straggler', 'owner');
  await run(app.alternate, app.database, 'CREATE TABLE early (id int)');
  await as(app.alternate, app.database, async client => {
    expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
    await client.query('CREATE TABLE late (id int)');
    await expect(rig.query(app.secret, 'SELECT * FROM late')).rejects.toMatchObject({ code: '42501' });
    expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
    await rig.query(app.secret, 'SELECT * FROM late');
    await client.query('INSERT INTO late VALUES (1)');
  });
});

test('a table in use for long is waited for, and no session of the application is kept from its work', async () => {
  const app = await createApplication('busy', 'owner');
  await run(app.alternate, app.database, 'CREATE TABLE busy (id int)');
  await as(app.alternate, app.database, async client => {
    await client.query('BEGIN; INSERT INTO busy VALUES (1)');
    const rotation = rig.secrets.rotate(app.secret);
    const attempts = handOvers();
    while (handOvers() < attempts + 2) await client.query('INSERT INTO busy VALUES (1)');
    await client.query('COMMIT');
    expect(await rotation).toMatchObject({ ok: true });
  });
  expect(await owners(app, app.database)).toEqual([app.owner.username]);
});

test('an alternate that does not log in any more keeps what it has until its own turn', async () => {
  const app = await createApplication('lost', 'alternate');
  await run(app.alternate, app.database, 'CREATE TABLE kept (id int)');
  await run(rig.admin, 'postgres', `ALTER ROLE "${app.alternate.username}" PASSWORD 'of a snapshot'`);
  expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
  expect(await owners(app, app.database)).toEqual([app.alternate.username]);
  expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
  expect(await owners(app, app.database)).toEqual([app.owner.username]);
  expect(await rig.query(app.secret, 'SELECT current_user AS who')).toEqual([{ who: app.owner.username }]);
});
