import { openAdmin, type Ports } from './user-ports';
import { type Change, hasPassword, type Removal } from './user-request';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type DatabaseUserProperties, ErrorCode } from '../../src/contract';
import { pairOf } from '../credential/login-pair';
import type { FoundLogin } from '../ports/logins';
import type { UserAdmin } from '../ports/sessions';
import { log } from '../runtime/log';

/**
 * Errors after which the user is left in place: the database, its secret or its network is gone. The stack must still
 * be deletable.
 */
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
 * Drops a user whose resource is deleted, if `onDelete` is `drop`. A statement that the server refuses is an error, and
 * the deletion can be retried. If the admin cannot log in, the user is left in the database and a warning is logged.
 */
export async function remove({ properties, physicalId, maker }: Removal, ports: Ports): Promise<void> {
  if (!properties) {
    // The role owns the application's objects. It stays with the database, or is deleted with it.
    log.info('the user stays in the database', { user: physicalId });
    return;
  }
  let admin: UserAdmin;
  try {
    admin = await openAdmin(properties, ports);
  } catch (error) {
    if (!(error instanceof RotatingPostgresError && GONE.includes(error.code))) throw error;
    log.warn('the user stays in the database, because the admin cannot log in', {
      user: physicalId,
      code: error.code,
      reason: error.message,
    });
    return;
  }
  try {
    await dropOwn(admin, { properties, maker });
  } finally {
    await admin.close();
  }
}

/** Drops the logins of a user that exist and belong to this resource. */
export async function dropOwn(
  admin: UserAdmin,
  { properties, maker }: Pick<Change, 'properties' | 'maker'>,
): Promise<void> {
  const logins = await ownLogins(admin, properties, maker);
  if (logins.length > 0) await admin.dropUser(properties.username, logins);
}

async function ownLogins(admin: UserAdmin, properties: DatabaseUserProperties, maker: string): Promise<string[]> {
  if (!hasPassword(properties)) {
    const { username } = properties;
    const login = await admin.readIamLogin(username);
    return login && isOwn(username, login.forbidden, login.maker === maker) ? [username] : [];
  }
  const { owner, alternate } = await admin.readLogins(pairOf(properties.username));
  const has = (role: FoundLogin | undefined) => role?.mark?.secretArn === properties.secretArn;
  // An alternate that AWS's function created has no mark until it is rotated here.
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
