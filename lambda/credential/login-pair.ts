import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ALTERNATE_SUFFIX, ErrorCode, MAX_NAME_BYTES } from '../../src/contract';
import type { Pair } from '../ports/logins';

/**
 * The names of both logins, derived from either.
 *
 * @throws with code `InvalidSecret` when the alternate's name exceeds 63 bytes: PostgreSQL would truncate it, and the
 *   truncated name could be that of another role
 */
export function pairOf(username: string): Pair {
  const owner = username.endsWith(ALTERNATE_SUFFIX) ? username.slice(0, -ALTERNATE_SUFFIX.length) : username;
  const alternate = owner + ALTERNATE_SUFFIX;
  if (owner === '' || Buffer.byteLength(alternate) > MAX_NAME_BYTES) {
    throw new RotatingPostgresError(
      ErrorCode.INVALID_SECRET,
      `username "${username}": "${alternate}", the name of its second login, must have at most ` +
        `${MAX_NAME_BYTES} bytes, at least one of them before ${ALTERNATE_SUFFIX}`,
    );
  }
  return { owner, alternate };
}
