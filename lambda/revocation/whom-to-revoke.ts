import { RotatingPostgresError } from '../../client/src/shared/errors';
import type { Credential } from '../../client/src/shared/secret-value';
import { ALTERNATE_SUFFIX, ErrorCode, MAX_NAME_BYTES } from '../../src/contract';
import type { Binding } from '../credential/binding';
import { pairOf } from '../credential/login-pair';
import type { Pair } from '../ports/logins';

/** Whom a revocation is about. */
export interface Logins {
  readonly pair: Pair;
  /** The login of the new version: the first of alternating users. */
  readonly username: string;
  /** Id of the admin's secret. */
  readonly adminSecret: string;
}

/**
 * The logins of a secret. A single user may have alternated once, so that it is looked for a second login, too.
 *
 * @throws with code `Configuration` where no admin is known, who alone can shut a login
 */
export function loginsOf(secretId: string, { username, masterarn }: Credential, { adminSecret }: Binding): Logins {
  const admin = masterarn ?? adminSecret;
  if (admin === undefined) {
    throw new RotatingPostgresError(
      ErrorCode.CONFIGURATION,
      `${secretId} names no admin secret, neither as masterarn nor by a tag: deploy its user with this ` +
        'library, or shut the login by hand',
    );
  }
  if (masterarn !== undefined) return { pair: pairOf(username), username: pairOf(username).owner, adminSecret: admin };
  return { pair: { owner: username, alternate: otherOf(username) }, username, adminSecret: admin };
}

/** The name of the second login, from either; the same where it would be too long to have been one. */
function otherOf(username: string): string {
  if (username.endsWith(ALTERNATE_SUFFIX)) return username.slice(0, -ALTERNATE_SUFFIX.length) || username;
  const alternate = username + ALTERNATE_SUFFIX;
  return Buffer.byteLength(alternate) > MAX_NAME_BYTES ? username : alternate;
}
