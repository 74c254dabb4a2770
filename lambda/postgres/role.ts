import type { Connection } from './connection';
import type { RoleMark } from './role-mark';
import { quoteIdentifier } from './template/quote';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';
import { lacksPrivilege } from '../ports/error-predicates';

/** From this version on, each membership has its own INHERIT and SET options. */
export const MEMBERSHIP_OPTIONS_SINCE = 160_000;

/** Members of this role log in through IAM on RDS, and no longer with a password. */
export const IAM_GROUP = 'rds_iam';

/** A login as the system catalog describes it, with the server's version and clock. */
export interface Role {
  readonly name: string;
  /** Why a rotation must not touch this role; null where it may. */
  readonly forbidden: string | null;
  /**
   * Whether the admin has ADMIN OPTION on the role. From PostgreSQL 16 on, CREATEROLE alone is not enough to change it.
   */
  readonly administered: boolean;
  readonly memberOfOwner: boolean;
  /** Whether the membership in the owner has both INHERIT and SET. */
  readonly fullMember: boolean;
  /**
   * Whether it has objects, grants or memberships of its own, which its sessions would lose when they start as the
   * owner.
   */
  readonly hasOwn: boolean;
  /** Whether it owns an object whose owner can be changed. */
  readonly ownsObjects: boolean;
  readonly comment: string | null;
  /** The mark in the comment; `foreignComment` is the text of others. */
  readonly mark?: RoleMark;
  readonly foreignComment: string;
  readonly connectionLimit: number;
  /** PostgreSQL's `VALID UNTIL`, in UTC; null for no limit. */
  readonly validUntil: string | null;
  readonly expired: boolean;
  /** The server's clock, to the second, in UTC. */
  readonly now: string;
  /** The number of open sessions of the login. */
  readonly sessions: number;
  readonly settings: readonly RoleSettings[];
  readonly version: number;
}

/**
 * The settings of a role in all databases (`database` null) or in one. Each setting is `name=value`, as in
 * `pg_db_role_setting`.
 */
export interface RoleSettings {
  readonly database: string | null;
  readonly settings: readonly string[];
}

/**
 * @throws with code `Role` when the role is the admin's, has more rights than an application's, or belongs to another
 *   secret
 */
export function checkRole(
  { name, forbidden, mark }: Pick<Role, 'name' | 'forbidden' | 'mark'>,
  secretArn?: string,
): void {
  if (mark && secretArn !== undefined && mark.secretArn !== secretArn) {
    throw roleRefused(
      `the role "${name}" belongs to another secret, ${mark.secretArn}: choose another user name, or, if that ` +
        `secret is gone, run COMMENT ON ROLE ${quoteIdentifier(name)} IS NULL and give the role the password of ` +
        `${secretArn}`,
    );
  }
  if (forbidden) throw roleRefused(`"${name}" ${forbidden}, so an application's secret must not change its password`);
}

/**
 * Adds the statement to run to a refusal of PostgreSQL, where the admin lacks ADMIN OPTION on a role. It is checked
 * only after the refusal, because RDS may allow its `rds_superuser` more than PostgreSQL does.
 */
export function withAdminOption(
  error: unknown,
  { login }: Connection,
  roles: readonly (Pick<Role, 'name' | 'version' | 'administered'> | undefined)[],
): unknown {
  const foreign = roles.find(role => role && role.version >= MEMBERSHIP_OPTIONS_SINCE && !role.administered);
  if (!foreign || !lacksPrivilege(error)) return error;
  const [admin, role] = [quoteIdentifier(login.username), quoteIdentifier(foreign.name)];
  return new RotatingPostgresError(
    ErrorCode.ADMIN_OPTION,
    `the admin ${admin} lacks ADMIN OPTION on the role ${role}, which another role created. As that role, run: ` +
      `GRANT ${role} TO ${admin} WITH ADMIN OPTION`,
    { cause: error },
  );
}

export function roleRefused(message: string): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.ROLE, message);
}
