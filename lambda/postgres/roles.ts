import type { Connection } from './connection';
import type { RoleSettings } from './role-settings';
import { identifier } from './sql';
import { RotatingPostgresError } from '../../client/src/errors';
import { ErrorCode } from '../../src/contract';
import { lacksPrivilege } from '../errors';
import type { Pair } from '../ports/database';

/** From PostgreSQL 16 on a membership says by itself whether privileges are inherited and `SET ROLE` is allowed. */
export const MEMBERSHIP_OPTIONS_SINCE = 160_000;

/** The comment on a role says which secret it belongs to, so that no other secret of this library takes it over. */
const MARK = 'cdk-rotating-postgres: password in ';

/** The comment on a role of this secret. */
export function markOf(secretArn: string): string {
  return MARK + secretArn;
}

/** What the catalogue says of a login, and of the server beside it. */
export interface Role {
  readonly name: string;
  /** Why a rotation must not touch this role; null where it may. */
  readonly forbidden: string | null;
  /** Whether the admin may change the role; from PostgreSQL 16 on CREATEROLE alone is not enough. */
  readonly administered: boolean;
  readonly memberOfOwner: boolean;
  /** Whether the membership lets the login have the owner's privileges, and act as the owner. */
  readonly fullMember: boolean;
  readonly ownsObjects: boolean;
  readonly comment: string | null;
  readonly connectionLimit: number;
  readonly settings: readonly RoleSettings[];
  readonly version: number;
  readonly iterations: string | null;
}

export interface Roles {
  readonly owner?: Role;
  readonly alternate?: Role;
}

/**
 * Reads the two logins of a pair, as far as they exist.
 *
 * @throws with code `Role` when one is the admin's, has more than an application's rights, or belongs to another secret:
 * its password is not for this secret to change
 */
export async function readRoles(connection: Connection, pair: Pair, secretArn: string): Promise<Roles> {
  const roles = await connection.query<Role>(READ_ROLES, [pair.owner, pair.alternate]);
  for (const { name, forbidden, comment } of roles) {
    if (comment?.startsWith(MARK) && comment !== markOf(secretArn)) {
      throw roleRefused(`the role "${name}" belongs to another secret, ${comment.slice(MARK.length)}: choose another user name, or, if that `
        + `secret is gone, run COMMENT ON ROLE ${identifier(name)} IS NULL and give the role the password of ${secretArn}`);
    }
    if (forbidden) throw roleRefused(`"${name}" ${forbidden}, so an application's secret must not change its password`);
  }
  return { owner: roles.find(role => role.name === pair.owner), alternate: roles.find(role => role.name === pair.alternate) };
}

/**
 * A refusal of PostgreSQL with the way out in it, where the admin lacks ADMIN OPTION on a role. Said after the refusal and not
 * before the attempt, for RDS may let its `rds_superuser` do more than PostgreSQL does.
 */
export function withMissingGrant(error: unknown, { login }: Connection, roles: readonly (Role | undefined)[]): unknown {
  const foreign = roles.find(role => role && role.version >= MEMBERSHIP_OPTIONS_SINCE && !role.administered);
  if (!foreign || !lacksPrivilege(error)) return error;
  const [admin, role] = [identifier(login.username), identifier(foreign.name)];
  return new RotatingPostgresError(ErrorCode.PRIVILEGE,
    `the admin ${admin} may not change the role ${role}, which somebody else created; they run: GRANT ${role} TO ${admin} WITH ADMIN OPTION`, { cause: error });
}

export function roleRefused(message: string): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.ROLE, message);
}

/** The options of a membership are read as JSON: they are columns from PostgreSQL 16 on only; before, every membership allowed both. */
const READ_ROLES = `
  SELECT r.rolname AS name,
    CASE
      WHEN r.rolname OPERATOR(pg_catalog.=) SESSION_USER THEN 'is the admin'
      WHEN r.rolsuper THEN 'is a superuser'
      WHEN r.rolcreaterole THEN 'has CREATEROLE'
      WHEN r.rolreplication THEN 'has REPLICATION'
      WHEN r.rolbypassrls THEN 'has BYPASSRLS'
      ELSE (
        SELECT 'is a member of ' OPERATOR(pg_catalog.||) g.rolname
        FROM pg_catalog.pg_roles AS g
        WHERE g.rolname OPERATOR(pg_catalog.=) ANY (ARRAY['rds_superuser', 'rds_iam', 'rds_ad']::pg_catalog.name[])
          AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')
        LIMIT 1
      )
    END AS forbidden,
    pg_catalog.pg_has_role(SESSION_USER, r.oid, 'MEMBER WITH ADMIN OPTION') AS administered,
    EXISTS (
      SELECT FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS o ON o.oid OPERATOR(pg_catalog.=) m.roleid
      WHERE m.member OPERATOR(pg_catalog.=) r.oid AND o.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name
    ) AS "memberOfOwner",
    COALESCE((
      SELECT pg_catalog.bool_and(COALESCE(options.inherit_option, r.rolinherit)) AND pg_catalog.bool_and(COALESCE(options.set_option, true))
      FROM (
        SELECT pg_catalog.bool_or((pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'inherit_option')::pg_catalog.bool) AS inherit_option,
          pg_catalog.bool_or((pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'set_option')::pg_catalog.bool) AS set_option
        FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS o ON o.oid OPERATOR(pg_catalog.=) m.roleid
        WHERE m.member OPERATOR(pg_catalog.=) r.oid AND o.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name
        HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0
      ) AS options
    ), false) AS "fullMember",
    EXISTS (
      SELECT FROM pg_catalog.pg_shdepend AS d
      WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
        AND d.refobjid OPERATOR(pg_catalog.=) r.oid AND d.deptype OPERATOR(pg_catalog.=) 'o'
    ) AS "ownsObjects",
    pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment,
    r.rolconnlimit AS "connectionLimit",
    COALESCE((
      SELECT pg_catalog.json_agg(pg_catalog.json_build_object('database', d.datname, 'settings', s.setconfig))
      FROM pg_catalog.pg_db_role_setting AS s LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
      WHERE s.setrole OPERATOR(pg_catalog.=) r.oid
    ), '[]') AS settings,
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version,
    pg_catalog.current_setting('scram_iterations', true) AS iterations
  FROM pg_catalog.pg_roles AS r
  WHERE r.rolname OPERATOR(pg_catalog.=) ANY (ARRAY[$1, $2]::pg_catalog.name[])`;
