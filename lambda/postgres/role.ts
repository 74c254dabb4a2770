import type { Connection } from './connection';
import type { RoleMark } from './role-mark';
import { quoteIdentifier } from './template/quote';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';
import { lacksPrivilege } from '../ports/error-predicates';

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

/**
 * The settings of a role in all databases (`database` null) or in one. Each setting is `name=value`, as in
 * `pg_db_role_setting`.
 */
export interface RoleSettings {
  readonly database: string | null;
  readonly settings: readonly string[];
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
        `secret is gone, run COMMENT ON ROLE ${quoteIdentifier(name)} IS NULL and give the role the password of ` +
        `${secretArn}`,
    );
  }
  if (forbidden) throw roleRefused(`"${name}" ${forbidden}, so an application's secret must not change its password`);
}

/**
 * A refusal of PostgreSQL with the way out in it, where the admin lacks ADMIN OPTION on a role. Said after the refusal
 * and not before the attempt, for RDS may let its `rds_superuser` do more than PostgreSQL does.
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
    `the admin ${admin} may not change the role ${role}, which somebody else created; they run: GRANT ` +
      `${role} TO ${admin} WITH ADMIN OPTION`,
    { cause: error },
  );
}

export function roleRefused(message: string): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.ROLE, message);
}
