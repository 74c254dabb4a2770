import { MAJOR_VARIABLE } from '../../../local/postgres-binaries';
import { ALL, abilities, standing } from '../../support/application-at-work';
import {
  type Application,
  as,
  byThird,
  createApplication,
  furnish,
  obey,
  owners,
  run,
} from '../../support/aws-made-application';
import { type Rig, startRig } from '../../support/rig';

const MAJOR = Number(process.env[MAJOR_VARIABLE] ?? 18);

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

/** How often it was tried; the server's log is that of all tests. */
const handOvers = ({ alternate }: Application) =>
  rig.serverLog().split(`REASSIGN OWNED BY "${alternate.username}"`).length - 1;

describe.each(['owner', 'alternate'] as const)(
  "an alternate that AWS's function made, while the %s is in use",
  inUse => {
    let app: Application;
    let sessions: Awaited<ReturnType<typeof standing>>;
    let refused: Awaited<ReturnType<Rig['secrets']['rotate']>>;

    beforeAll(async () => {
      app = await createApplication(rig, `aws ${inUse}`, inUse);
      await furnish(rig, app);
      await run(
        rig,
        app.third,
        app.database,
        `${byThird(app, app.alternate).join(';')}; CREATE TABLE third.later (id int)`,
      );
      await run(rig, app.owner, app.database, 'CREATE TABLE owners_table (id int)');
      sessions = await standing(rig, app);
      expect(await abilities(sessions.alternate)).toEqual(ALL);
      expect(await abilities(sessions.owner)).not.toEqual(ALL);

      refused = await rig.secrets.rotate(app.secret);
      expect(await abilities(sessions.alternate)).toEqual(ALL);
    });
    afterAll(() => sessions.end());

    const isRefused = async () => {
      expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
      expect((await owners(rig, app, app.database)).sort()).toEqual([app.owner.username, app.alternate.username]);
      expect(await owners(rig, app, app.otherDatabase)).toEqual([app.alternate.username]);
      expect(await rig.query(app.secret, 'SELECT current_user AS who')).toEqual([
        { who: (await rig.read(app.secret)).username },
      ]);
    };

    const rotatesOnceObeyed = async () => {
      expect(await obey(rig, app, refused.error!.message)).toEqual([
        `-- in the database "${app.database}"`,
        expect.stringContaining(`GRANT SELECT ON TABLE third.later TO "${app.owner.username}"`),
        expect.stringContaining('ALTER POLICY "seen by it"'),
        expect.stringContaining('ALTER DEFAULT PRIVILEGES'),
      ]);
      const retry = rig.secrets.retry(app.secret, refused.token);
      const inBetween = await sessions.during(retry);
      expect(await retry).toMatchObject({ ok: true });
      expect(inBetween).toBeGreaterThan(0);
    };

    const sessionsMayDoAll = async () => {
      const login = await rig.read(app.secret);
      expect(login.username).toBe(inUse === 'owner' ? app.alternate.username : app.owner.username);
      expect(await rig.query(app.secret, 'SELECT current_user AS who')).toEqual([{ who: app.owner.username }]);
      expect(await as(rig, login, app.database, abilities)).toEqual(ALL);
      expect(await abilities(sessions.alternate)).toEqual(ALL);
      expect(await abilities(sessions.owner)).toEqual(ALL);
    };

    const ownsNothing = async () => {
      expect(await owners(rig, app, app.database)).toEqual([app.owner.username]);
      expect(await owners(rig, app, app.otherDatabase)).toEqual([app.owner.username]);
    };

    const givesAsBefore = async () => {
      const group = `"${rig.name(`group of ${app.owner.username}`)}"`;
      await rig.query(
        app.secret,
        `CREATE TABLE made_later AS SELECT 1 AS id; CREATE TABLE own_schema.later (id int);
      CREATE FUNCTION made_later() RETURNS int LANGUAGE sql AS $$SELECT 1$$; GRANT USAGE ON SCHEMA own_schema TO PUBLIC;
      GRANT SELECT ON third.granted TO ${group}`,
      );
      await run(
        rig,
        app.third,
        app.database,
        `SELECT * FROM own_table; SELECT * FROM made_later;
      INSERT INTO own_schema.later VALUES (1); GRANT INSERT ON own_schema.later TO ${group}`,
      );
      await expect(run(rig, app.third, app.database, 'SELECT made_later()')).rejects.toMatchObject({ code: '42501' });
      await run(rig, app.third, app.database, 'CREATE TABLE third.latest (id int)');
      await rig.query(app.secret, 'SELECT * FROM third.latest');
    };

    const isDoneWith = async () => {
      const before = handOvers(app);
      for (let rotation = 0; rotation < 2; rotation++) {
        expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
        expect(await as(rig, await rig.read(app.secret), app.database, abilities)).toEqual(ALL);
      }
      expect(handOvers(app)).toBe(before);
    };

    // One story, whose steps need each other.
    test('is handed over, once others have given what it cannot, and its sessions work on', async () => {
      await isRefused();
      await rotatesOnceObeyed();
      await sessionsMayDoAll();
      await ownsNothing();
      await givesAsBefore();
      await isDoneWith();
    }, 180_000);
  },
);

describe('what it cannot hand over by itself', () => {
  /**
   * Its application and something of the alternate's, the lines that the refusal has for it, and whether it rotates
   * once they are obeyed.
   */
  async function refusal(role: string, give: (app: Application) => Promise<unknown>) {
    const app = await createApplication(rig, role, 'owner');
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
        await obey(rig, app, message);
        return retries();
      },
    };
  }

  test('privileges without grant option are for who has them to give', async () => {
    const { app, lines, rotates } = await refusal('plain', ({ alternate, third, database }) =>
      run(
        rig,
        third,
        database,
        `
      CREATE SCHEMA third; CREATE TABLE third.t (a int, "b c" int);
      CREATE FUNCTION third.f(int, text) RETURNS int LANGUAGE sql AS $$SELECT 1$$;
      GRANT USAGE ON SCHEMA third TO "${alternate.username}";
      GRANT INSERT, SELECT ON third.t TO "${alternate.username}";
      GRANT UPDATE ("b c") ON third.t TO "${alternate.username}"; REVOKE EXECUTE ON FUNCTION third.f FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION third.f TO "${alternate.username}"`,
      ),
    );
    const [owner, by] = [`TO "${app.owner.username}"; -- as "${app.third.username}"`, ''];
    expect(lines).toEqual([
      `-- in the database "${app.database}"`,
      `GRANT EXECUTE ON ROUTINE third.f(integer,pg_catalog.text) ${owner}${by}`,
      `GRANT USAGE ON SCHEMA third ${owner}`,
      expect.stringMatching(
        /^GRANT (INSERT|SELECT|UPDATE \("b c"\))(, (INSERT|SELECT|UPDATE \("b c"\))){2} ON TABLE third.t TO /,
      ),
    ]);
    expect(await rotates()).toBe(true);
  });

  test('privileges of every kind that PostgreSQL knows', async () => {
    const { app, lines, rotates } = await refusal('kinds', async ({ alternate, database, otherDatabase }) => {
      const clone = `"${alternate.username}"`;
      await run(
        rig,
        rig.superuser,
        database,
        `
        CREATE VIEW a_view AS SELECT 1; CREATE MATERIALIZED VIEW a_materialized AS SELECT 1;
        CREATE SEQUENCE a_sequence; CREATE DOMAIN "a domain" AS int;
        CREATE FOREIGN DATA WRAPPER "a wrapper"; CREATE SERVER "a server" FOREIGN DATA WRAPPER "a wrapper";
        CREATE FOREIGN TABLE a_foreign (id int) SERVER "a server";
        CREATE PROCEDURE a_procedure(int, "a domain") LANGUAGE sql AS $$SELECT 1$$;
        CREATE AGGREGATE an_aggregate(int) (SFUNC = int4pl, STYPE = int);
        CREATE FUNCTION a_variadic(VARIADIC int[]) RETURNS int LANGUAGE sql AS $$SELECT 1$$; SELECT lo_create(4711);
        REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM PUBLIC; REVOKE ALL ON DOMAIN "a domain" FROM PUBLIC;
        REVOKE ALL ON LANGUAGE sql FROM PUBLIC;
        GRANT ALL ON ALL ROUTINES IN SCHEMA public TO ${clone}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${clone};
        GRANT UPDATE ON SEQUENCE a_sequence TO ${clone}; GRANT USAGE ON DOMAIN "a domain" TO ${clone};
        GRANT USAGE ON LANGUAGE sql TO ${clone};
        GRANT USAGE ON FOREIGN DATA WRAPPER "a wrapper" TO ${clone};
        GRANT USAGE ON FOREIGN SERVER "a server" TO ${clone};
        GRANT UPDATE ON LARGE OBJECT 4711 TO ${clone}; GRANT CREATE ON TABLESPACE pg_default TO ${clone}`,
      );
      if (MAJOR >= 15) await run(rig, rig.superuser, database, `GRANT SET ON PARAMETER log_min_messages TO ${clone}`);
      await run(rig, alternate, otherDatabase, 'CREATE TABLE elsewhere ()');
    });
    expect(lines.filter(line => /TABLESPACE|PARAMETER/.test(line))).toHaveLength(MAJOR >= 15 ? 2 : 1);
    expect(await rotates()).toBe(true);
    expect(
      await as(
        rig,
        rig.superuser,
        app.database,
        async client =>
          (
            await client.query(
              `SELECT unnest(ARRAY[
      has_table_privilege($1, 'a_view', 'SELECT'), has_table_privilege($1, 'a_materialized', 'SELECT'),
      has_table_privilege($1, 'a_foreign', 'SELECT'),
      has_sequence_privilege($1, 'a_sequence', 'UPDATE'), has_type_privilege($1, '"a domain"', 'USAGE'),
      has_language_privilege($1, 'sql', 'USAGE'),
      has_function_privilege($1, 'a_procedure(int, "a domain")', 'EXECUTE'),
      has_function_privilege($1, 'an_aggregate(int)', 'EXECUTE'),
      has_function_privilege($1, 'a_variadic(int[])', 'EXECUTE'),
      has_foreign_data_wrapper_privilege($1, 'a wrapper', 'USAGE'),
      has_server_privilege($1, 'a server', 'USAGE'), has_tablespace_privilege($1, 'pg_default', 'CREATE')]) AS has`,
              [app.owner.username],
            )
          ).rows,
      ),
    ).toEqual(Array(12).fill({ has: true }));
  });

  test('what it made in a schema where the owner may create nothing', async () => {
    const { app, lines, rotates } = await refusal('schema', async ({ alternate, third, database }) => {
      await run(
        rig,
        third,
        database,
        `CREATE SCHEMA third; GRANT USAGE, CREATE ON SCHEMA third TO "${alternate.username}"`,
      );
      await run(rig, alternate, database, 'CREATE FUNCTION third.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$');
    });
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          `^GRANT (CREATE, USAGE|USAGE, CREATE) ON SCHEMA third TO "${app.owner.username}"; -- as ` +
            `"${app.third.username}"`,
        ),
        expect.stringContaining('permission denied for schema third'),
      ]),
    );
    expect(await rotates()).toBe(true);
  });

  test('a name with a line break in it adds no statement to the script', async () => {
    const { lines } = await refusal('hostile', async ({ alternate, third, database }) => {
      const schema = '"x\nDROP TABLE app; --"';
      await run(
        rig,
        third,
        database,
        `CREATE SCHEMA ${schema}; GRANT USAGE, CREATE ON SCHEMA ${schema} TO "${alternate.username}"`,
      );
      await run(rig, alternate, database, `CREATE FUNCTION ${schema}.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$`);
    });
    const outsideOfNames = lines
      .join('\n')
      .split('"')
      .filter((_, index) => index % 2 === 0)
      .join('""');
    expect(outsideOfNames).toContain('permission denied for schema x DROP TABLE app');
    expect(outsideOfNames).not.toMatch(/^DROP/m);
  });

  test('a database that nobody may connect to, or not the alternate', async () => {
    const { app, lines, rotates } = await refusal('closed', async ({ alternate, database, otherDatabase }) => {
      await run(rig, alternate, otherDatabase, 'CREATE TABLE elsewhere (id int)');
      await run(rig, alternate, database, 'CREATE TABLE here (id int)');
      await run(
        rig,
        rig.superuser,
        'postgres',
        `REVOKE CONNECT ON DATABASE "${otherDatabase}" FROM PUBLIC; ALTER DATABASE "${otherDatabase}" ` +
          'ALLOW_CONNECTIONS false',
      );
    });
    expect(lines).toEqual([
      expect.stringContaining(
        `ALTER DATABASE "${app.otherDatabase}" ALLOW_CONNECTIONS true; -- as "${rig.superuser.username}"`,
      ),
      expect.stringContaining(
        `GRANT CONNECT ON DATABASE "${app.otherDatabase}" TO "${app.owner.username}"; -- as ` +
          `"${rig.superuser.username}"`,
      ),
    ]);
    expect(await owners(rig, app, app.database)).toEqual([app.alternate.username]);
    expect(await rotates()).toBe(true);
  });

  test('a membership that would go in a circle, and one that the admin may not give', async () => {
    const [group, circle] = ['group', 'circle'].map(name => rig.name(name));
    const { app, lines, rotates } = await refusal('member', ({ owner, alternate }) =>
      run(
        rig,
        rig.superuser,
        'postgres',
        `
      CREATE ROLE "${group}"; GRANT "${group}" TO "${alternate.username}" WITH ADMIN OPTION;
      CREATE ROLE "${circle}"; GRANT "${owner.username}" TO "${circle}"; GRANT "${circle}" TO "${alternate.username}"`,
      ),
    );
    const revoke =
      `REVOKE "${circle}" FROM "${app.alternate.username}"; -- as an admin of the roles named ` +
      `("${circle}" is itself a member of "${app.owner.username}")`;
    // Before PostgreSQL 16 an admin may give any.
    expect(lines).toEqual([
      revoke,
      ...(MAJOR >= 16
        ? [
            `GRANT "${group}" TO "${app.owner.username}" WITH INHERIT true, SET true, ADMIN true; -- as an ` +
              'admin of the roles named',
          ]
        : []),
    ]);
    expect(await rotates()).toBe(true);
    expect(
      await rig.query(app.secret, `SELECT pg_has_role('${group}', 'MEMBER WITH ADMIN OPTION') AS administers`),
    ).toEqual([{ administers: true }]);
  });

  test('a user mapping, whose options may hold a password', async () => {
    const { app, lines, retries } = await refusal('mapping', ({ alternate, database }) =>
      run(
        rig,
        rig.superuser,
        database,
        `
      CREATE FOREIGN DATA WRAPPER wrapper; CREATE SERVER "far away" FOREIGN DATA WRAPPER wrapper;
      CREATE USER MAPPING FOR "${alternate.username}" SERVER "far away" OPTIONS (password 'not-to-be-shown')`,
      ),
    );
    expect(lines).toEqual([
      `-- in the database "${app.database}"`,
      `CREATE USER MAPPING FOR "${app.owner.username}" SERVER "far away" OPTIONS (…); -- as ` +
        `"${rig.superuser.username}"`,
    ]);
    await run(rig, rig.superuser, app.database, `CREATE USER MAPPING FOR "${app.owner.username}" SERVER "far away"`);
    expect(await retries()).toBe(true);
  });
});

test('a right to create databases goes to the owner', async () => {
  const app = await createApplication(rig, 'creator', 'owner');
  await run(rig, rig.superuser, 'postgres', `ALTER ROLE "${app.alternate.username}" CREATEDB`);
  expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
  expect(await rig.query(app.secret, 'SELECT rolname, rolcreatedb FROM pg_roles WHERE rolname = current_user')).toEqual(
    [{ rolname: app.owner.username, rolcreatedb: true }],
  );
});

test('what a session from before creates afterwards is handed over by the next rotation', async () => {
  const app = await createApplication(rig, 'straggler', 'owner');
  await run(rig, app.alternate, app.database, 'CREATE TABLE early (id int)');
  await as(rig, app.alternate, app.database, async client => {
    expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
    await client.query('CREATE TABLE late (id int)');
    await expect(rig.query(app.secret, 'SELECT * FROM late')).rejects.toMatchObject({ code: '42501' });
    expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
    await rig.query(app.secret, 'SELECT * FROM late');
    await client.query('INSERT INTO late VALUES (1)');
  });
});

test('a table in use for long is waited for, and no session of the application is kept from its work', async () => {
  const app = await createApplication(rig, 'busy', 'owner');
  await run(rig, app.alternate, app.database, 'CREATE TABLE busy (id int)');
  await as(rig, app.alternate, app.database, async client => {
    await client.query('BEGIN; INSERT INTO busy VALUES (1)');
    const rotation = rig.secrets.rotate(app.secret);
    while (handOvers(app) < 2) await client.query('INSERT INTO busy VALUES (1)');
    await client.query('COMMIT');
    expect(await rotation).toMatchObject({ ok: true });
  });
  expect(await owners(rig, app, app.database)).toEqual([app.owner.username]);
});

test('an alternate that does not log in any more keeps what it has until its own turn', async () => {
  const app = await createApplication(rig, 'lost', 'alternate');
  await run(rig, app.alternate, app.database, 'CREATE TABLE kept (id int)');
  await run(rig, rig.admin, 'postgres', `ALTER ROLE "${app.alternate.username}" PASSWORD 'of a snapshot'`);
  expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
  expect(await owners(rig, app, app.database)).toEqual([app.alternate.username]);
  expect(await rig.secrets.rotate(app.secret)).toMatchObject({ ok: true });
  expect(await owners(rig, app, app.database)).toEqual([app.owner.username]);
  expect(await rig.query(app.secret, 'SELECT current_user AS who')).toEqual([{ who: app.owner.username }]);
});
