import { readable } from './clone-pair';
import { isUnforeseenAnswer, lacksPrivilege } from '../../ports/error-predicates';
import type { Holdings, MissingGrant, Pair } from '../../ports/logins';
import type { Connection } from '../connection';
import { refusalOf } from '../refusal-of';
import { MEMBERSHIP_OPTIONS_SINCE } from '../role';
import { identifier, integer, list, type Sql, sql } from '../template/sql';

/**
 * As the admin: gives the owner the alternate's memberships and CREATEDB, as far as the admin may, and finds the
 * databases in which the alternate owns objects or has privileges.
 *
 * @param secretDatabase always included, because server-wide objects are looked up there
 */
export async function shareMemberships(admin: Connection, pair: Pair, secretDatabase: string): Promise<Holdings> {
  const names = [pair.alternate, pair.owner];
  const wanted = [
    ...(await admin.query<Membership>(READ_MEMBERSHIPS, names)).map(membership => memberAs(pair, membership)),
    ...(await admin.query(READ_CREATEDB, names)).map(() => byAdmin(sql`ALTER ROLE ${identifier(pair.owner)} CREATEDB`)),
  ];
  const missing: MissingGrant<Sql>[] = [];
  for (const grant of wanted) {
    // An admin whose only ADMIN OPTION comes through the alternate gets the error "no possible grantors".
    const isAnswer = (error: unknown) => lacksPrivilege(error) || isUnforeseenAnswer(error);
    if (!grant.canRun || (await refusalOf(() => admin.run([grant.sql]), isAnswer)) !== undefined) missing.push(grant);
  }
  const databases = await admin.query<FoundDatabase>(READ_DATABASES, [pair.alternate, secretDatabase]);
  return {
    server: { host: admin.login.host, port: admin.login.port },
    databases: databases.filter(({ open, connects }) => open && connects).map(({ name }) => name),
    missingGrants: readable([...missing, ...databases.flatMap(database => entryTo(pair, database))]),
  };
}

function byAdmin(statement: Sql): MissingGrant<Sql> {
  return { sql: statement, canRun: true };
}

interface Membership {
  readonly role: string;
  /** Whether that role is a member of the owner. The owner then cannot become a member of it. */
  readonly circular: boolean;
  readonly admin: boolean;
  readonly inherit: boolean;
  readonly set: boolean;
  readonly version: number;
}

function memberAs(pair: Pair, { role, circular, admin, inherit, set, version }: Membership): MissingGrant<Sql> {
  const [name, owner] = [identifier(role), identifier(pair.owner)];
  if (circular) {
    return {
      sql: sql`REVOKE ${name} FROM ${identifier(pair.alternate)}`,
      canRun: false,
      reason: `${name.plain} is itself a member of ${owner.plain}`,
    };
  }
  const value = (option: boolean) => (option ? sql`true` : sql`false`);
  const options =
    version >= MEMBERSHIP_OPTIONS_SINCE
      ? [sql`INHERIT ${value(inherit)}`, sql`SET ${value(set)}`, ...(admin ? [sql`ADMIN true`] : [])]
      : [...(admin ? [sql`ADMIN OPTION`] : [])];
  return byAdmin(sql`GRANT ${name} TO ${owner}${options.length > 0 ? sql` WITH ${list(options)}` : sql``}`);
}

interface FoundDatabase {
  readonly name: string;
  readonly owner: string;
  /** Whether the database allows connections. */
  readonly open: boolean;
  readonly connects: boolean;
}

/**
 * The statements that let the alternate connect to a database. CONNECT is granted to the owner, from which the
 * alternate inherits.
 */
function entryTo({ owner: grantee }: Pair, { name, owner, open, connects }: FoundDatabase): MissingGrant<Sql>[] {
  const database = identifier(name);
  const statements = [
    ...(open ? [] : [sql`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`]),
    ...(connects ? [] : [sql`GRANT CONNECT ON DATABASE ${database} TO ${identifier(grantee)}`]),
  ];
  return statements.map(statement => ({
    sql: statement,
    runAs: owner,
    canRun: false,
    reason: 'the alternate has something in that database',
  }));
}

/** The direct memberships of the alternate, with their options, that the owner lacks in whole or in part. */
export const READ_MEMBERSHIPS = sql`
  SELECT m.role, m.admin, m.inherit, m.set, m.version, pg_has_role(m.oid, m.owner, 'MEMBER') AS circular
  FROM (
    SELECT g.oid, g.rolname AS role, o.oid AS owner, v.version, bool_or(m.admin_option) AS admin,
      bool_or(COALESCE((to_jsonb(m) ->> 'inherit_option')::bool, a.rolinherit AND o.rolinherit)) AS inherit,
      bool_or(COALESCE((to_jsonb(m) ->> 'set_option')::bool, true)) AS set
    FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid
      JOIN pg_roles AS a ON a.oid = m.member
      JOIN pg_roles AS o ON o.rolname = $2::name AND o.oid <> g.oid
      CROSS JOIN (SELECT current_setting('server_version_num')::int4) AS v (version)
    WHERE a.rolname = $1::name
    GROUP BY g.oid, g.rolname, o.oid, v.version
  ) AS m
  WHERE NOT pg_has_role(m.owner, m.oid, 'MEMBER')
    OR (m.inherit AND NOT pg_has_role(m.owner, m.oid, 'USAGE'))
    OR (m.set AND NOT pg_has_role(
      m.owner, m.oid, CASE WHEN m.version >= ${integer(MEMBERSHIP_OPTIONS_SINCE)} THEN 'SET' ELSE 'MEMBER' END
    ))
    OR (m.admin AND NOT pg_has_role(m.owner, m.oid, 'MEMBER WITH ADMIN OPTION'))
  ORDER BY 1`;

/** Returns a row if the alternate has CREATEDB and the owner lacks it. No alternate may have any other attribute. */
export const READ_CREATEDB = sql`
  SELECT FROM pg_roles AS a, pg_roles AS o
  WHERE a.rolname = $1::name AND o.rolname = $2::name AND a.rolcreatedb AND NOT o.rolcreatedb`;

/** The databases in which the alternate owns objects or is named in grants or policies. */
export const READ_DATABASES = sql`
  SELECT d.datname AS name, pg_get_userbyid(d.datdba) AS owner, d.datallowconn AS open,
    has_database_privilege($1::name, d.oid, 'CONNECT') AS connects
  FROM pg_database AS d
  WHERE d.datname = $2::name OR d.oid = ANY (
    SELECT s.dbid FROM pg_shdepend AS s JOIN pg_roles AS a ON a.oid = s.refobjid
    WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass::oid
      AND a.rolname = $1::name AND s.deptype = ANY (ARRAY['o', 'a', 'r']::"char"[])
  )
  ORDER BY 1`;
