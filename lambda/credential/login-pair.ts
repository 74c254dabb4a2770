import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ALTERNATE_SUFFIX, ErrorCode, MAX_NAME_BYTES } from '../../src/contract';
import type { Pair } from '../ports/logins';

/**
 * The two logins, from the name of either. PostgreSQL would cut a longer name, and the second login be somebody else's.
 */
export function pairOf(username: string): Pair {
  const owner = username.endsWith(ALTERNATE_SUFFIX) ? username.slice(0, -ALTERNATE_SUFFIX.length) : username;
  const alternate = owner + ALTERNATE_SUFFIX;
  if (owner === '' || Buffer.byteLength(alternate) > MAX_NAME_BYTES) {
    throw new RotatingPostgresError(
      ErrorCode.INVALID_SECRET,
      `username "${username}": "${alternate}", the login that it alternates with, must have 1 to ` +
        `${MAX_NAME_BYTES} bytes besides the suffix`,
    );
  }
  return { owner, alternate };
}
