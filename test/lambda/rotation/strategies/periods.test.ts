import { type Login, randomPassword, withClient } from '../../../local/postgres';
import { type Rig, startRig } from '../../support/rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

/** A user with a database of its own, and somebody who reads there. */
async function application(role: string) {
  const owner = rig.name(role);
  const database = `${role}_${rig.database}`;
  const secret = await rig.createUser(role, { database });
  const reader: Login = { username: `${owner}_reader`, password: randomPassword() };
  await rig.inspect(`CREATE ROLE "${reader.username}" LOGIN PASSWORD '${reader.password}'`);
  return { owner, database, secret, reader, query: (text: string) => rig.query(secret, text) };
}

/** Two full rotations: what is to hold is looked at with the first login, with the second, and with the first again. */
async function inEachPeriod(secret: string, look: (period: number) => Promise<void>): Promise<void> {
  const usernames = [];
  for (let period = 0; period < 3; period++) {
    if (period > 0) expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    usernames.push((await rig.read(secret)).username);
    await look(period);
  }
  expect(usernames).toEqual([usernames[0], `${usernames[0]}_clone`, usernames[0]]);
}

test('what was made in one period can be read, written, altered and dropped in the other', async () => {
  const { owner, secret, query } = await application('makes');
  await inEachPeriod(secret, async period => {
    await query(
      `CREATE SCHEMA s${period}; CREATE TABLE s${period}.made (id int); CREATE SEQUENCE ` +
        `s${period}.counter; CREATE TYPE s${period}.mood AS ENUM ('ok')`,
    );
    for (let earlier = 0; earlier <= period; earlier++) {
      await query(
        `INSERT INTO s${earlier}.made VALUES (${period}); ALTER TABLE s${earlier}.made ADD COLUMN IF NOT ` +
          `EXISTS p${period} int; SELECT nextval('s${earlier}.counter')`,
      );
    }
  });
  expect(
    await query("SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname = 'made'"),
  ).toEqual([{ owner }]);
  await query('DROP SCHEMA s0, s1, s2 CASCADE');
});

test('default privileges of the owner hold for what is made in either period', async () => {
  const { database, secret, reader, query } = await application('defaults');
  await query(
    `GRANT USAGE ON SCHEMA public TO "${reader.username}"; ALTER DEFAULT PRIVILEGES GRANT SELECT ON ` +
      `TABLES TO "${reader.username}"`,
  );
  await inEachPeriod(secret, async period => {
    await query(`CREATE TABLE t${period} AS SELECT ${period} AS id`);
    const seen = await withClient(
      rig,
      reader,
      database,
      async client => (await client.query(`SELECT id FROM t${period}`)).rows,
    );
    expect(seen).toEqual([{ id: period }]);
  });
});

test('row-level security by current_user shows either login the same rows', async () => {
  const { owner, secret, query } = await application('rows');
  await query(`CREATE TABLE notes (of name DEFAULT current_user, text text);
    INSERT INTO notes VALUES ('somebody', 'theirs');
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes USING (of = current_user)`);
  await inEachPeriod(secret, async period => {
    await query(`INSERT INTO notes (text) VALUES ('period ${period}')`);
    expect(await query('SELECT DISTINCT of FROM notes')).toEqual([{ of: owner }]);
    expect(await query('SELECT count(*)::int AS count FROM notes')).toEqual([{ count: period + 1 }]);
  });
});

test(
  'settings, connection limit, VALID UNTIL, LOGIN and membership are the same in either period, and ' +
    'set right where they were lost',
  async () => {
    const { owner, database, secret, query } = await application('same');
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await rig.inspect(`ALTER ROLE "${owner}" CONNECTION LIMIT 9 VALID UNTIL '${until}';
      ALTER ROLE "${owner}" SET search_path TO app, public;
    ALTER ROLE "${owner}" IN DATABASE "${database}" SET work_mem TO '6MB'`);
    const roles = () =>
      rig.inspect(
        `
    SELECT rolcanlogin AS login, rolconnlimit AS "limit", rolvaliduntil = $2::timestamptz AS until
    FROM pg_roles WHERE rolname = ANY ($1)`,
        [[owner, `${owner}_clone`], until],
      );
    await inEachPeriod(secret, async period => {
      expect(
        await query(
          "SELECT current_user AS who, current_setting('search_path') AS path, current_setting('work_mem') AS memory",
        ),
      ).toEqual([{ who: owner, path: 'app, public', memory: '6MB' }]);
      expect(await roles()).toEqual(Array(Math.min(period + 1, 2)).fill({ login: true, limit: 9, until: true }));
    });
    await rig.inspect(`ALTER ROLE "${owner}_clone" NOLOGIN CONNECTION LIMIT 1 VALID UNTIL 'infinity';
      ALTER ROLE "${owner}_clone" RESET ALL;
    ALTER ROLE "${owner}_clone" IN DATABASE "${database}" SET work_mem TO '1MB'`);
    await rig.secrets.rotate(secret);
    expect(await roles()).toEqual(Array(2).fill({ login: true, limit: 9, until: true }));
    expect(
      await query("SELECT session_user AS login, current_user AS who, current_setting('work_mem') AS memory"),
    ).toEqual([{ login: `${owner}_clone`, who: owner, memory: '6MB' }]);
  },
);

test('whatever a pool resets, a session acts as the owner as before, in either period', async () => {
  const { owner, database, secret } = await application('resets');
  await inEachPeriod(secret, async () => {
    const login = await rig.read(secret);
    await withClient(rig, login, database, async client => {
      for (const reset of ['DISCARD ALL', 'RESET ROLE', 'RESET ALL', 'RESET SESSION AUTHORIZATION']) {
        await client.query(reset);
        const { rows } = await client.query('SELECT session_user AS login, current_user AS who');
        expect([reset, ...rows]).toEqual([reset, { login: login.username, who: owner }]);
      }
    });
  });
});
