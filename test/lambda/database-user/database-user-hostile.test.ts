import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { withClient } from '../../local/postgres';
import { DeployedUser, membershipsOf } from '../support/deployed-user';
import { type Rig, startRig } from '../support/rig';
import { trap } from '../support/trap';

let rig: Rig;
let owner: DeployedUser;
/** The same server, seen from a database without traps. */
let elsewhere: Rig;

/** A login that guards itself against what would only be in its way. */
async function look(text: string, { username, password } = rig.superuser): Promise<Record<string, unknown>[]> {
  const patient = ['statement_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout']
    .map(name => `-c ${name}=0`)
    .join(' ');
  const client = new Client({
    host: rig.host,
    port: rig.port,
    user: username,
    password,
    database: rig.database,
    ssl: { ca: readFileSync(rig.caFile, 'utf8') },
    options: `${patient} -c role=none -c default_transaction_read_only=off`,
  });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
/** How often a trap has caught somebody; the log is that of all tests. */
const caught = (who: string) => rig.serverLog().split(`CAUGHT ${who} in`).length - 1;

/** A database whose owner has prepared whatever it can for the admin, who is to give and take privileges in it. */
beforeEach(async () => {
  rig = await startRig();
  elsewhere = {
    ...rig,
    inspect: (text, values) =>
      withClient(rig, rig.superuser, 'postgres', async client => (await client.query(text, values)).rows),
  };
  owner = await DeployedUser.create(rig, 'hostile', { onDelete: 'drop' });
  const setDefault = (setting: string) => `ALTER DATABASE "${rig.database}" SET ${setting};`;
  await rig.query(
    owner.secret,
    `
    CREATE SCHEMA traps; CREATE TABLE traps.bait (id int);
    ${trap('aclexplode', 'aclitem[]', 'aclitem')} ${trap('has_schema_privilege', 'oid, oid, text', 'boolean')}
    ${trap('pg_has_role', 'oid, oid, text', 'boolean')} ${trap('pg_get_userbyid', 'oid', 'name')} ${trap('starts_with', 'text, text', 'boolean')}
    ${trap('oid_equals', 'oid, oid', 'boolean')} ${trap('name_equals', 'name, name', 'boolean')} ${trap('char_any', '"char", "char"', 'boolean')}
    CREATE OPERATOR public.= (FUNCTION = public.oid_equals, LEFTARG = oid, RIGHTARG = oid);
    CREATE OPERATOR public.= (FUNCTION = public.name_equals, LEFTARG = name, RIGHTARG = name);
    CREATE OPERATOR public.= (FUNCTION = public.char_any, LEFTARG = "char", RIGHTARG = "char");
    CREATE VIEW public.pg_class AS SELECT public.pg_has_role(1::oid, 1::oid, 'x') AS relname;
    CREATE FUNCTION traps.in_trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE LOG 'CAUGHT % in trigger', session_user; RETURN NULL; END $$;
    CREATE TRIGGER t BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON traps.bait EXECUTE FUNCTION traps.in_trigger();
    CREATE FUNCTION traps.in_index(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE LOG 'CAUGHT % in index', current_user; RETURN 1; END $$;
    CREATE INDEX ON traps.bait (traps.in_index(id));
    CREATE VIEW traps.seen AS SELECT traps.in_index(1);
    CREATE DOMAIN traps.domain AS int CHECK (traps.in_index(VALUE) > 0);
    ${setDefault('search_path = public, traps, pg_catalog')} ${setDefault(`role = '${owner.username}'`)} ${setDefault("statement_timeout = '1ms'")}
    ${setDefault("lock_timeout = '1ms'")} ${setDefault('standard_conforming_strings = off')} ${setDefault('default_transaction_read_only = on')}
    ${setDefault("idle_in_transaction_session_timeout = '1ms'")} ${setDefault("idle_session_timeout = '1ms'")}
    ${setDefault('default_transaction_isolation = ' + "'serializable'")} ${setDefault('row_security = off')} ${setDefault('quote_all_identifiers = on')}`,
  );
});
afterEach(() => rig.stop());

test('the traps catch an administrator who does not take care', async () => {
  const before = caught(rig.superuser.username);
  await look("SELECT relname FROM pg_class WHERE 'a'::name = 'b'::name");
  expect(caught(rig.superuser.username)).toBeGreaterThan(before);
});

test("an owner makes no event trigger, which would run in the admin's session", async () => {
  const { username, password } = await rig.read(owner.secret);
  const event = `CREATE FUNCTION traps.event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION traps.event()`;
  await expect(look(event, { username, password })).rejects.toMatchObject({ code: '42501' });
});

test("privileges in its database are given, changed and taken without running anything of the owner's", async () => {
  const memberships = await membershipsOf(elsewhere);
  const reader = await DeployedUser.create(rig, 'reader', {
    privileges: 'readWrite',
    owner: owner.username,
    onDelete: 'drop',
  });
  const can = async (privilege: string) =>
    (await look(`SELECT pg_catalog.has_table_privilege('${reader.username}', 'traps.bait', '${privilege}') AS can`))[0]
      .can;
  expect([await can('SELECT'), await can('INSERT')]).toEqual([true, true]);
  await reader.update({ privileges: 'readOnly', schemas: '["traps"]' });
  expect([await can('SELECT'), await can('INSERT')]).toEqual([true, false]);
  await reader.delete();
  expect(await membershipsOf(elsewhere)).toEqual(memberships);
  expect(caught(rig.admin.username)).toBe(0);
});

test('the owner itself is dropped without running anything of its own', async () => {
  await owner.delete();
  expect(await elsewhere.inspect('SELECT FROM pg_roles WHERE rolname = $1', [owner.username])).toEqual([]);
  expect(caught(rig.admin.username)).toBe(0);
});
