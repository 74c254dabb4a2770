import { COMMENT_ON_ROLE, MORE_THAN_AN_APPLICATION, WITHOUT_OWNERSHIP } from './role-expressions';
import type { Pair } from '../../ports/logins';
import type { Connection } from '../connection';
import { checkRole, type Role, roleRefused } from '../role';
import { parseComment } from '../role-mark';
import { sql } from '../template/sql';

export interface Roles {
  readonly owner?: Role;
  readonly alternate?: Role;
}

/**
 * Reads the logins of a pair that exist.
 *
 * @param secretArn omitted if the roles were already checked to belong to the secret
 * @throws with code `Role` when this secret must not change the password of one of them
 */
export async function readRoles(connection: Connection, pair: Pair, secretArn?: string): Promise<Roles> {
  const roles = await queryRoles(connection, pair);
  for (const role of [roles.owner, roles.alternate]) if (role) checkRole(role, secretArn);
  return roles;
}

/** Reads the logins of a pair without checking that they belong to the secret. */
export async function queryRoles(connection: Connection, pair: Pair): Promise<Roles> {
  const rows = await connection.query<Omit<Role, 'mark' | 'foreignComment'>>(READ_ROLES, [pair.owner, pair.alternate]);
  const roles = rows.map((row): Role => {
    const { mark, foreign } = parseComment(row.comment);
    return { ...row, mark, foreignComment: foreign };
  });
  return {
    owner: roles.find(role => role.name === pair.owner),
    alternate: roles.find(role => role.name === pair.alternate),
  };
}

/**
 * Reads a login that has no alternate.
 *
 * @throws with code `Role` also when it does not exist
 */
export async function readRole(connection: Connection, username: string, secretArn: string): Promise<Role> {
  const { owner } = await readRoles(connection, { owner: username, alternate: username }, secretArn);
  if (!owner) throw roleRefused(`the role "${username}" does not exist`);
  return owner;
}

/**
 * Reads membership options as JSON, because the columns exist only from PostgreSQL 16 on. Before that, every membership
 * has SET, and INHERIT is an attribute of the member.
 */
export const READ_ROLES = sql`
  SELECT r.rolname AS name,
    CASE
      WHEN r.rolname = SESSION_USER THEN 'is the admin'
      ${MORE_THAN_AN_APPLICATION}
    END AS forbidden,
    pg_has_role(SESSION_USER, r.oid, 'MEMBER WITH ADMIN OPTION') AS administered,
    COALESCE(memberships.of_owner, false) AS "memberOfOwner",
    COALESCE(memberships.inherits AND memberships.sets, false) AS "fullMember",
    (EXISTS (
      SELECT FROM pg_shdepend AS d
      WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass::oid AND d.refobjid = r.oid
    ) OR r.rolcreatedb OR COALESCE(memberships.of_others, false)) AS "hasOwn",
    EXISTS (
      SELECT FROM pg_shdepend AS d
      WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass::oid AND d.refobjid = r.oid AND d.deptype = 'o'
        AND d.classid <> ALL (${WITHOUT_OWNERSHIP})
    ) AS "ownsObjects",
    ${COMMENT_ON_ROLE} AS comment,
    r.rolconnlimit AS "connectionLimit",
    CASE WHEN r.rolvaliduntil <> 'infinity' THEN to_json(timezone('UTC', r.rolvaliduntil)) END AS "validUntil",
    COALESCE(r.rolvaliduntil <= now(), false) AS expired,
    to_json(date_trunc('second', timezone('UTC', now()))) AS now,
    (SELECT count(*)::int4 FROM pg_stat_get_activity(NULL) AS a WHERE a.usesysid = r.oid) AS sessions,
    COALESCE((
      SELECT json_agg(json_build_object('database', d.datname, 'settings', s.setconfig))
      FROM pg_db_role_setting AS s LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
      WHERE s.setrole = r.oid
    ), '[]') AS settings,
    current_setting('server_version_num')::int4 AS version
  FROM pg_roles AS r
  LEFT JOIN pg_roles AS o ON o.rolname = $1::name
  CROSS JOIN LATERAL (
    SELECT bool_or(m.roleid = o.oid) AS of_owner,
      bool_or(COALESCE(m.roleid <> o.oid, true)) AS of_others,
      bool_or(COALESCE((to_jsonb(m) ->> 'inherit_option')::bool, r.rolinherit))
        FILTER (WHERE m.roleid = o.oid) AS inherits,
      bool_or(COALESCE((to_jsonb(m) ->> 'set_option')::bool, true))
        FILTER (WHERE m.roleid = o.oid) AS sets
    FROM pg_auth_members AS m
    WHERE m.member = r.oid
  ) AS memberships
  WHERE r.rolname = ANY (ARRAY[$1, $2]::name[])`;
