import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import type { Rig } from './rig';
import { type Login, withClient } from '../../local/postgres';

/** An application whose two logins AWS's own function has made, and the names that its statements use. */
export interface Application {
  readonly secret: string;
  readonly owner: Login;
  readonly alternate: Login;
  /** Another application, which shares the database and has given the alternate something. */
  readonly third: Login;
  readonly database: string;
  readonly otherDatabase: string;
}

/** Statements of one login in one database. */
export async function as<T>(rig: Rig, login: Login, database: string, use: (client: Client) => Promise<T>): Promise<T> {
  return withClient(rig, login, database, use);
}
export async function run(rig: Rig, login: Login, database: string, text: string): Promise<void> {
  await as(rig, login, database, client => client.query(text));
}

/** What AWS's function does, as the admin, statement by statement. The login of AWSCURRENT is the one in use. */
export async function createApplication(rig: Rig, role: string, inUse: 'owner' | 'alternate'): Promise<Application> {
  const [owner, third] = [role, `${role} third`].map(name => ({
    username: rig.name(name),
    password: `initial-${randomUUID()}`,
  }));
  const alternate = { username: `${owner.username}_clone`, password: `initial-${randomUUID()}` };
  const [database, otherDatabase] = ['first', 'second'].map(name => rig.name(`${role} ${name}`));
  await run(rig, rig.admin, 'postgres', `CREATE ROLE "${owner.username}" LOGIN PASSWORD '${owner.password}'`);
  await run(
    rig,
    rig.admin,
    'postgres',
    `CREATE ROLE "${alternate.username}" WITH LOGIN PASSWORD '${alternate.password}'`,
  );
  await run(rig, rig.admin, 'postgres', `GRANT "${owner.username}" TO "${alternate.username}"`);
  await run(rig, rig.superuser, 'postgres', `CREATE ROLE "${third.username}" LOGIN PASSWORD '${third.password}'`);
  for (const name of [database, otherDatabase]) {
    await run(rig, rig.superuser, 'postgres', `CREATE DATABASE "${name}"`);
    await run(
      rig,
      rig.superuser,
      name,
      `GRANT CREATE ON DATABASE "${name}" TO "${owner.username}", "${third.username}";
      GRANT CREATE ON SCHEMA public TO "${owner.username}", "${third.username}"`,
    );
  }
  const login = inUse === 'owner' ? owner : alternate;
  const secret = await rig.createSecret('aws', rig.value(login, { dbname: database, masterarn: rig.adminSecret }));
  return { secret, owner, alternate, third, database, otherDatabase };
}

/** Gives the alternate whatever an application can have, in two databases. */
export async function furnish(
  rig: Rig,
  { alternate, owner, third, database, otherDatabase }: Application,
): Promise<void> {
  const [clone, other] = [`"${alternate.username}"`, `"${third.username}"`];
  const group = `"${rig.name(`group of ${owner.username}`)}"`;
  await run(rig, rig.admin, 'postgres', `CREATE ROLE ${group}; GRANT ${group} TO ${clone}`);
  await run(
    rig,
    third,
    database,
    `
    CREATE SCHEMA third;
    CREATE TABLE third.granted (id int); CREATE TABLE third.columns (a int, b int);
    CREATE TABLE third.policed AS SELECT 1 AS id;
    CREATE TABLE third.for_group (id int); CREATE SEQUENCE third.numbers; CREATE TYPE third.reserved_type AS ENUM ('a');
    CREATE FUNCTION third.reserved(int) RETURNS int LANGUAGE sql AS $$SELECT $1$$;
    CREATE TABLE third.large_object AS SELECT lo_create(0) AS lo;
    REVOKE EXECUTE ON FUNCTION third.reserved(int) FROM PUBLIC; REVOKE USAGE ON TYPE third.reserved_type FROM PUBLIC;
    ALTER TABLE third.policed ENABLE ROW LEVEL SECURITY;
    GRANT SELECT ON third.for_group TO ${group}; GRANT USAGE ON SCHEMA third TO PUBLIC`,
  );
  await run(
    rig,
    third,
    database,
    `
    GRANT CREATE ON SCHEMA third TO ${clone} WITH GRANT OPTION;
    GRANT SELECT, INSERT ON third.granted TO ${clone} WITH GRANT OPTION;
    GRANT SELECT (a), UPDATE (b) ON third.columns TO ${clone} WITH GRANT OPTION;
    GRANT USAGE ON SEQUENCE third.numbers TO ${clone} WITH GRANT OPTION;
    GRANT EXECUTE ON FUNCTION third.reserved(int) TO ${clone} WITH GRANT OPTION;
    GRANT USAGE ON TYPE third.reserved_type TO ${clone} WITH GRANT OPTION;
    GRANT SELECT ON third.policed, third.large_object TO PUBLIC;
    DO $$BEGIN EXECUTE format(
      'GRANT SELECT ON LARGE OBJECT %s TO ${clone} WITH GRANT OPTION', (SELECT lo FROM third.large_object)
    ); END$$`,
  );
  await run(
    rig,
    alternate,
    database,
    `
    CREATE TABLE own_table (id serial PRIMARY KEY, note text); INSERT INTO own_table DEFAULT VALUES;
    CREATE VIEW own_view AS SELECT o.id FROM own_table AS o, third.granted;
    CREATE MATERIALIZED VIEW own_materialized AS SELECT id FROM own_table;
    CREATE FUNCTION own_function() RETURNS int LANGUAGE sql AS $$SELECT 1$$;
    CREATE PROCEDURE own_procedure() LANGUAGE sql AS $$SELECT 1$$;
    CREATE TYPE own_type AS ENUM ('a'); CREATE TABLE own_large_object AS SELECT lo_create(0) AS lo;
    CREATE SCHEMA own_schema; CREATE TABLE own_schema.nested (id int);
    CREATE FUNCTION third.in_their_schema() RETURNS int LANGUAGE sql AS $$SELECT 1$$;
    GRANT SELECT ON own_table TO ${other};
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${other};
    ALTER DEFAULT PRIVILEGES IN SCHEMA own_schema GRANT INSERT ON TABLES TO ${other} WITH GRANT OPTION;
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`,
  );
  await run(rig, alternate, otherDatabase, 'CREATE TABLE elsewhere (id int)');
}

/** What only the other application can give. */
export const byThird = ({ third }: Application, login: Login) => [
  `CREATE POLICY "seen by it" ON third.policed TO "${login.username}" USING (true)`,
  `ALTER DEFAULT PRIVILEGES FOR ROLE "${third.username}" IN SCHEMA third GRANT SELECT ON TABLES TO "${login.username}"`,
];

/** Runs the script of a refusal as it says, line by line. */
export async function obey(rig: Rig, app: Application, message: string): Promise<string[]> {
  const lines = message.split('\n').slice(1);
  let database = 'postgres';
  for (const line of lines) {
    const [, name] = /^-- in the database (".*")$/.exec(line) ?? [];
    if (name !== undefined) {
      database = JSON.parse(name);
      continue;
    }
    const [, statement, by] = /^(.*); -- as ("[^"]*"|an admin of the roles named)/.exec(line)!;
    await run(rig, by === JSON.stringify(app.third.username) ? app.third : rig.superuser, database, statement);
  }
  return lines;
}

/** Who of the application owns something in the database. */
export const owners = (rig: Rig, app: Application, database: string) =>
  as(rig, rig.superuser, database, async client =>
    (
      await client.query<{ owner: string }>(
        `
  SELECT DISTINCT pg_get_userbyid(refobjid) AS owner FROM pg_shdepend
  WHERE deptype = 'o' AND refclassid = 'pg_authid'::regclass
    AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid <> 'pg_default_acl'::regclass
    AND pg_get_userbyid(refobjid) IN ($1, $2)`,
        [app.owner.username, app.alternate.username],
      )
    ).rows.map(row => row.owner),
  );
