import type { Connection } from './connection';
import { parseComment, type RoleMark } from './role-mark';
import type { RoleSettings } from './role-settings';
import { identifier, literal } from './sql';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';
import type { Pair } from '../ports/database';
import { lacksPrivilege } from '../runtime/error-predicates';

/** From PostgreSQL 16 on a membership says by itself whether privileges are inherited and `SET ROLE` is allowed. */
export const MEMBERSHIP_OPTIONS_SINCE = 160_000;

/** The group whose members RDS lets in by IAM, and no longer by a password. */
export const IAM_GROUP = 'rds_iam';

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
  /** Whether it has objects, grants or memberships that it would lose sight of as the owner. */
  readonly hasOwn: boolean;
  /** Whether it owns anything that can be given to another role. */
  readonly ownsObjects: boolean;
  readonly comment: string | null;
  /** What the comment says; the rest of it is somebody else's. */
  readonly mark?: RoleMark;
  readonly foreignComment: string;
  readonly connectionLimit: number;
  /** Until when the login works, in UTC; null for ever. */
  readonly validUntil: string | null;
  readonly expired: boolean;
  /** The server's clock, to the second, in UTC. */
  readonly now: string;
  /** How many sessions the login has. */
  readonly sessions: number;
  readonly settings: readonly RoleSettings[];
  readonly version: number;
}

export interface Roles {
  readonly owner?: Role;
  readonly alternate?: Role;
}

/**
 * Reads the two logins of a pair, as far as they exist.
 *
 * @throws with code `Role` when the password of one is not for this secret to change
 * @param secretArn left out where the roles were read, and found to be the secret's, before
 */
export async function readRoles(connection: Connection, pair: Pair, secretArn?: string): Promise<Roles> {
  const roles = await queryRoles(connection, pair);
  for (const role of [roles.owner, roles.alternate]) if (role) checkRole(role, secretArn);
  return roles;
}

/** The same, whosesoever they are. */
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
 * @throws with code `Role` when the role is the admin's, has more than an application's rights, or belongs to another
 * secret
 */
export function checkRole(
  { name, forbidden, mark }: Pick<Role, 'name' | 'forbidden' | 'mark'>,
  secretArn?: string,
): void {
  if (mark && secretArn !== undefined && mark.secretArn !== secretArn) {
    throw roleRefused(
      `the role "${name}" belongs to another secret, ${mark.secretArn}: choose another user name, or, if that ` +
        `secret is gone, run COMMENT ON ROLE ${identifier(name)} IS NULL and give the role the password of ` +
        `${secretArn}`,
    );
  }
  if (forbidden) throw roleRefused(`"${name}" ${forbidden}, so an application's secret must not change its password`);
}

/** The login alone, where it has nobody to alternate with. */
export async function readRole(connection: Connection, username: string, secretArn: string): Promise<Role> {
  const { owner } = await readRoles(connection, { owner: username, alternate: username }, secretArn);
  if (!owner) throw roleRefused(`the role "${username}" does not exist`);
  return owner;
}

/**
 * A refusal of PostgreSQL with the way out in it, where the admin lacks ADMIN OPTION on a role. Said after the refusal
 * and not before the attempt, for RDS may let its `rds_superuser` do more than PostgreSQL does.
 */
export function withMissingGrant(
  error: unknown,
  { login }: Connection,
  roles: readonly (Pick<Role, 'name' | 'version' | 'administered'> | undefined)[],
): unknown {
  const foreign = roles.find(role => role && role.version >= MEMBERSHIP_OPTIONS_SINCE && !role.administered);
  if (!foreign || !lacksPrivilege(error)) return error;
  const [admin, role] = [identifier(login.username), identifier(foreign.name)];
  return new RotatingPostgresError(
    ErrorCode.ADMIN_OPTION,
    `the admin ${admin} may not change the role ${role}, which somebody else created; they run: GRANT ` +
      `${role} TO ${admin} WITH ADMIN OPTION`,
    { cause: error },
  );
}

export function roleRefused(message: string): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.ROLE, message);
}

/**
 * The branches of a CASE that says why a role `r` is more than an application's, for its rights or as a member of one
 * of the groups.
 */
const moreThanAnApplication = (...groups: string[]) => `
      WHEN r.rolsuper THEN 'is a superuser'
      WHEN r.rolcreaterole THEN 'has CREATEROLE'
      WHEN r.rolreplication THEN 'has REPLICATION'
      WHEN r.rolbypassrls THEN 'has BYPASSRLS'
      ELSE (
        SELECT 'is a member of ' OPERATOR(pg_catalog.||) g.rolname
        FROM pg_catalog.pg_roles AS g
        WHERE g.rolname OPERATOR(pg_catalog.=) ANY (ARRAY[${groups.map(literal).join(', ')}]::pg_catalog.name[])
          AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')
        LIMIT 1
      )`;
/** RDS takes no password from a member of `rds_iam` or `rds_ad`. */
export const MORE_THAN_AN_APPLICATION = moreThanAnApplication('rds_superuser', IAM_GROUP, 'rds_ad');
export const MORE_THAN_AN_IAM_LOGIN = moreThanAnApplication('rds_superuser', 'rds_ad');

/** Of the role `r`. What shobj_description() does, which a session that has just begun has to look up first. */
export const COMMENT_ON_ROLE = `(
      SELECT c.description FROM pg_catalog.pg_shdescription AS c
      WHERE c.objoid OPERATOR(pg_catalog.=) r.oid AND c.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
    )`;

/**
 * The options of a membership are read as JSON: they are columns from PostgreSQL 16 on only; before, every membership
 * allowed both.
 */
const READ_ROLES = `
  SELECT r.rolname AS name,
    CASE
      WHEN r.rolname OPERATOR(pg_catalog.=) SESSION_USER THEN 'is the admin'
      ${MORE_THAN_AN_APPLICATION}
    END AS forbidden,
    pg_catalog.pg_has_role(SESSION_USER, r.oid, 'MEMBER WITH ADMIN OPTION') AS administered,
    COALESCE(memberships.of_owner, false) AS "memberOfOwner",
    COALESCE(memberships.inherits AND memberships.sets, false) AS "fullMember",
    (EXISTS (
      SELECT FROM pg_catalog.pg_shdepend AS d
      WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
        AND d.refobjid OPERATOR(pg_catalog.=) r.oid
    ) OR r.rolcreatedb OR COALESCE(memberships.of_others, false)) AS "hasOwn",
    EXISTS (
      SELECT FROM pg_catalog.pg_shdepend AS d
      WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
        AND d.refobjid OPERATOR(pg_catalog.=) r.oid AND d.deptype OPERATOR(pg_catalog.=) 'o'
        AND d.classid OPERATOR(pg_catalog.<>) ALL (ARRAY['pg_catalog.pg_default_acl', 'pg_catalog.pg_user_mapping']::pg_catalog.regclass[]::pg_catalog.oid[])
    ) AS "ownsObjects",
    ${COMMENT_ON_ROLE} AS comment,
    r.rolconnlimit AS "connectionLimit",
    CASE WHEN r.rolvaliduntil OPERATOR(pg_catalog.<>) 'infinity' THEN pg_catalog.to_json(pg_catalog.timezone('UTC', r.rolvaliduntil)) END AS "validUntil",
    COALESCE(r.rolvaliduntil OPERATOR(pg_catalog.<=) pg_catalog.now(), false) AS expired,
    pg_catalog.to_json(pg_catalog.date_trunc('second', pg_catalog.timezone('UTC', pg_catalog.now()))) AS now,
    (
      SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pg_catalog.pg_stat_get_activity(NULL) AS a WHERE a.usesysid OPERATOR(pg_catalog.=) r.oid
    ) AS sessions,
    COALESCE((
      SELECT pg_catalog.json_agg(pg_catalog.json_build_object('database', d.datname, 'settings', s.setconfig))
      FROM pg_catalog.pg_db_role_setting AS s LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
      WHERE s.setrole OPERATOR(pg_catalog.=) r.oid
    ), '[]') AS settings,
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version
  FROM pg_catalog.pg_roles AS r
  LEFT JOIN pg_catalog.pg_roles AS o ON o.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name
  CROSS JOIN LATERAL (
    SELECT pg_catalog.bool_or(m.roleid OPERATOR(pg_catalog.=) o.oid) AS of_owner,
      pg_catalog.bool_or(COALESCE(m.roleid OPERATOR(pg_catalog.<>) o.oid, true)) AS of_others,
      pg_catalog.bool_or(COALESCE((pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'inherit_option')::pg_catalog.bool, r.rolinherit))
        FILTER (WHERE m.roleid OPERATOR(pg_catalog.=) o.oid) AS inherits,
      pg_catalog.bool_or(COALESCE((pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'set_option')::pg_catalog.bool, true))
        FILTER (WHERE m.roleid OPERATOR(pg_catalog.=) o.oid) AS sets
    FROM pg_catalog.pg_auth_members AS m
    WHERE m.member OPERATOR(pg_catalog.=) r.oid
  ) AS memberships
  WHERE r.rolname OPERATOR(pg_catalog.=) ANY (ARRAY[$1, $2]::pg_catalog.name[])`;
