import { RotatingPostgresError } from '../../client/src/shared/errors';
import type { Credential } from '../../client/src/shared/secret-value';
import { ALTERNATE_SUFFIX, ErrorCode, MAX_NAME_BYTES } from '../../src/contract';
import type { Binding } from '../credential/binding';
import { pairOf } from '../credential/login-pair';
import type { Pair } from '../ports/logins';

/** The logins that a revocation disables. */
export interface Logins {
  readonly pair: Pair;
  /** The user name of the new version; with alternating users, the first login. */
  readonly username: string;
  /** The id of the admin secret. */
  readonly adminSecret: string;
}

/**
 * The logins of a secret. A single user may have alternated before, so that its clone is included.
 *
 * @throws with code `Configuration` where no admin secret is known: only the admin can set NOLOGIN
 */
export function loginsOf(secretId: string, { username, masterarn }: Credential, { adminSecret }: Binding): Logins {
  const admin = masterarn ?? adminSecret;
  if (admin === undefined) {
    throw new RotatingPostgresError(
      ErrorCode.CONFIGURATION,
      `${secretId} names no admin secret, neither as masterarn nor by a tag: deploy its user with this ` +
        'library, or run ALTER ROLE … NOLOGIN as the admin',
    );
  }
  if (masterarn !== undefined) return { pair: pairOf(username), username: pairOf(username).owner, adminSecret: admin };
  return { pair: { owner: username, alternate: otherOf(username) }, username, adminSecret: admin };
}

/**
 * The name of the other login of the pair. If that name exceeds 63 bytes, it cannot exist, and the given name is
 * returned.
 */
function otherOf(username: string): string {
  if (username.endsWith(ALTERNATE_SUFFIX)) return username.slice(0, -ALTERNATE_SUFFIX.length) || username;
  const alternate = username + ALTERNATE_SUFFIX;
  return Buffer.byteLength(alternate) > MAX_NAME_BYTES ? username : alternate;
}
