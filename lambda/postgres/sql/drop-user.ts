import type { Connection, Limits } from '../connection';
import { inDatabase } from './databases';
import { MAX_NAME_BYTES } from '../../../src/contract';
import { log } from '../../runtime/log';
import { asMember } from '../membership';
import { COMMENT_ON_ROLE, roleRefused } from '../roles';
import { endSessions } from './end-sessions';
import { identifier, literal } from '../sql';

/** Names who keeps what a dropped user owned. */
const KEEPER_SUFFIX = '_kept';

/**
 * Drops the logins of a user from the whole server. What they own in a database goes to a role that nobody logs in as,
 * databases themselves to the admin; nothing is deleted. Each database is a transaction of its own, and the roles go
 * last, so that running it again finishes what was left half done.
 *
 * The admin does not get what is in the databases: a function of the user's, or an expression of an index, would run
 * with its rights.
 */
export async function dropUser(
  admin: Connection,
  username: string,
  logins: readonly string[],
  limits: Limits,
): Promise<void> {
  const all = logins.map(identifier).join(', ');
  await admin.run(logins.map(login => `ALTER ROLE ${identifier(login)} NOLOGIN`));
  for (const login of logins) await endSessions(admin, login);

  const holdings = await admin.query<Holding>(HOLDINGS, [logins]);
  const keeper = await provideKeeper(
    admin,
    username,
    holdings.some(({ owns }) => owns),
  );
  for (const { database, owns } of holdings) {
    await inDatabase(admin, database, limits, there => clear(there, logins, owns ? keeper : undefined));
  }
  const owned = await admin.query<{ name: string; owner: string }>(OWNED_DATABASES, [
    [...logins, ...(keeper === undefined ? [] : [keeper])],
  ]);
  const back = owned.map(({ name }) => `ALTER DATABASE ${identifier(name)} OWNER TO CURRENT_USER`);
  await asMember(
    admin,
    owned.map(({ owner }) => owner),
    () => admin.run(back),
  );
  await clear(admin, logins, undefined); // what is said of them on the server as a whole
  await admin.run([`DROP ROLE ${all}`]);
  log.info('the user is dropped', { logins, databases: holdings.map(({ database }) => database), keeper });
}

/** Takes from logins whatever they have in the connection's database. */
async function clear(there: Connection, logins: readonly string[], keeper: string | undefined): Promise<void> {
  const all = logins.map(identifier).join(', ');
  // Whoever is no member of the one who granted something revokes nothing of it, with no more than a warning.
  const grantors = (await there.query<{ name: string }>(GRANTORS, [logins])).map(({ name }) => name);
  await asMember(there, [...logins, ...grantors, ...(keeper === undefined ? [] : [keeper])], () =>
    there.run([
      ...(keeper === undefined
        ? []
        : [
            // The new owner of a function must have CREATE on its schema, as the old one has.
            `GRANT ${all} TO ${identifier(keeper)}`,
            `REASSIGN OWNED BY ${all} TO ${identifier(keeper)}`,
            `REVOKE ${all} FROM ${identifier(keeper)}`,
          ]),
      `DROP OWNED BY ${all}`,
    ]),
  );
}

/** The name of a role without any rights; undefined where none is needed and none was left by an earlier attempt. */
async function provideKeeper(admin: Connection, username: string, needed: boolean): Promise<string | undefined> {
  // a name that takes no second login may be as long as any
  const name = username.slice(0, MAX_NAME_BYTES - KEEPER_SUFFIX.length) + KEEPER_SUFFIX;
  const mark = `cdk-rotating-postgres: keeps what the dropped user ${username} owned`;
  const [found] = await admin.query<{ comment: string | null }>(
    `
    SELECT ${COMMENT_ON_ROLE} AS comment FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name`,
    [name],
  );
  if (found?.comment === mark) return name;
  if (!needed) return undefined;
  if (found) {
    throw roleRefused(
      `the role "${name}", which was to keep what "${username}" owns, is somebody else's: rename it, or ` +
        'give away what is owned',
    );
  }
  await admin.run([
    `CREATE ROLE ${identifier(name)} NOLOGIN`,
    `COMMENT ON ROLE ${identifier(name)} IS ${literal(mark)}`,
  ]);
  return name;
}

interface Holding {
  readonly database: string;
  /** Whether they own something there that can be given to another role. */
  readonly owns: boolean;
}

/**
 * The databases in which the roles own something, or something is said of them; the one in which roles are administered
 * first.
 */
const HOLDINGS = `
  SELECT d.datname AS database, pg_catalog.bool_or(
      s.deptype OPERATOR(pg_catalog.=) 'o'
      AND s.classid OPERATOR(pg_catalog.<>) ALL (ARRAY['pg_catalog.pg_default_acl', 'pg_catalog.pg_user_mapping']::pg_catalog.regclass[]::pg_catalog.oid[])
    ) AS owns
  FROM pg_catalog.pg_shdepend AS s JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.dbid
    JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) s.refobjid
  WHERE s.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
    AND r.rolname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.name[])
  GROUP BY 1 ORDER BY 1`;

const OWNED_DATABASES = `
  SELECT d.datname AS name, r.rolname AS owner
  FROM pg_catalog.pg_database AS d JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) d.datdba
  WHERE r.rolname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.name[])`;

/**
 * Who owns what the roles were granted something on, or what a policy of names them, here and on the server. What
 * PostgreSQL itself owns has no owner in this catalogue; of that, the schema `public` is in the hands of the database's
 * owner.
 */
const GRANTORS = `
  SELECT DISTINCT pg_catalog.pg_get_userbyid(COALESCE(o.refobjid, d.datdba)) AS name
  FROM pg_catalog.pg_shdepend AS s JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) s.refobjid
    JOIN pg_catalog.pg_database AS d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
    LEFT JOIN pg_catalog.pg_shdepend AS o ON o.dbid OPERATOR(pg_catalog.=) s.dbid AND o.classid OPERATOR(pg_catalog.=) s.classid
      AND o.objid OPERATOR(pg_catalog.=) s.objid AND o.refclassid OPERATOR(pg_catalog.=) s.refclassid AND o.deptype OPERATOR(pg_catalog.=) 'o'
  WHERE s.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
    AND s.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_auth_members'::pg_catalog.regclass::pg_catalog.oid
    AND s.dbid OPERATOR(pg_catalog.=) ANY (ARRAY[0, d.oid]::pg_catalog.oid[]) AND s.deptype OPERATOR(pg_catalog.=) ANY (ARRAY['a', 'r']::"char"[])
    AND r.rolname OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.name[])`;
