import type { Role } from './role';
import type { SecretVersion } from '../ports/database';
import { log } from '../runtime/log';

/**
 * A login that was revoked, or has the password of a version that is neither this one nor the one before, has changed
 * since this rotation began; or the rotation before it was given up.
 */
export async function confirmIfDoubtful(
  secret: SecretVersion,
  role: Role | undefined,
  roles: readonly (Role | undefined)[],
): Promise<void> {
  const version = role?.mark?.version;
  const expected = version === undefined || version === secret.version || version === secret.replaces;
  if (!expected || roles.some(other => other?.mark?.revoked)) await secret.confirm?.();
}

/** The password changes, the sessions stay: whoever is still on the old one is better known. */
export function logSessions(role: Role | undefined): void {
  if (role && role.sessions > 0) {
    log.info('the login still has sessions from before', { login: role.name, sessions: role.sessions });
  }
}
