import { adminOf, enter, type Ports } from './connect-as-admin';
import { type Change, hasPassword, type Removal } from './user-request';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type DatabaseUserProperties, ErrorCode } from '../../src/contract';
import { pairOf } from '../credential/login-pair';
import type { Connection } from '../postgres/connection';
import type { Role } from '../postgres/role';
import { dropUser } from '../postgres/sql/drop-user';
import { readIamLogin } from '../postgres/sql/read-iam-login';
import { queryRoles } from '../postgres/sql/read-roles';
import { log } from '../runtime/log';

/** The database, or the way to it, is gone. A stack must be deletable all the same. */
const GONE: readonly ErrorCode[] = [
  ErrorCode.SECRETS_MANAGER,
  ErrorCode.SECRETS_MANAGER_UNREACHABLE,
  ErrorCode.INVALID_SECRET,
  ErrorCode.AUTHENTICATION,
  ErrorCode.DNS,
  ErrorCode.DATABASE_UNREACHABLE,
  ErrorCode.DATABASE_MISSING,
  ErrorCode.TLS,
  ErrorCode.TIMEOUT,
];

/**
 * Drops a user whose resource is deleted, if the template says so. Whatever the server refuses is an error, and the
 * deletion can be tried again; where the admin cannot even log in, the user is left where it is.
 */
export async function remove({ properties, physicalId, maker }: Removal, ports: Ports): Promise<void> {
  if (!properties) {
    // The role owns what the application created: it stays with the database, or goes with it.
    log.info('the user stays in the database', { user: physicalId });
    return;
  }
  let admin: Connection;
  try {
    admin = await adminOf(properties, ports);
  } catch (error) {
    if (!(error instanceof RotatingPostgresError && GONE.includes(error.code))) throw error;
    log.warn('the user stays in the database, which the admin cannot log in to', {
      user: physicalId,
      code: error.code,
      reason: error.message,
    });
    return;
  }
  try {
    await dropOwn(admin, { properties, maker }, ports);
  } finally {
    await admin.close();
  }
}

/** Drops the logins of a user, as far as they are there and are this resource's. */
export async function dropOwn(
  admin: Connection,
  { properties, maker }: Pick<Change, 'properties' | 'maker'>,
  ports: Ports,
): Promise<void> {
  const logins = await ownLogins(admin, properties, maker);
  if (logins.length > 0) await dropUser(admin, database => enter(admin, database, ports), properties.username, logins);
}

async function ownLogins(admin: Connection, properties: DatabaseUserProperties, maker: string): Promise<string[]> {
  if (!hasPassword(properties)) {
    const { username } = properties;
    const login = await readIamLogin(admin, username);
    return login && isOwn(username, login.forbidden, login.maker === maker) ? [username] : [];
  }
  const { owner, alternate } = await queryRoles(admin, pairOf(properties.username));
  const has = (role: Role | undefined) => role?.mark?.secretArn === properties.secretArn;
  // An alternate that AWS's function made, and that has not been rotated since, has no mark.
  const second =
    has(alternate) || (alternate !== undefined && !alternate.mark && alternate.memberOfOwner && has(owner));
  return [
    ...(owner && isOwn(owner.name, owner.forbidden, has(owner)) ? [owner.name] : []),
    ...(alternate && isOwn(alternate.name, alternate.forbidden, second) ? [alternate.name] : []),
  ];
}

function isOwn(role: string, forbidden: string | null, marked: boolean): boolean {
  if (marked && !forbidden) return true;
  log.warn('the role is not dropped', {
    role,
    reason: forbidden ?? 'its comment does not say that it belongs to this resource',
  });
  return false;
}
