import type { Role } from './role';
import type { SecretVersion } from '../ports/logins';
import { log } from '../runtime/log';

/**
 * Asks Secrets Manager again whether the rotation is still due, if the role's mark is unexpected. The login was
 * revoked, or it has the password of neither this version nor the replaced one: either the role has changed since this
 * rotation started, or the rotation before it was abandoned.
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

/** Logs how many sessions of the login are open. A password change does not end them. */
export function logSessions(role: Role | undefined): void {
  if (role && role.sessions > 0) {
    log.info('the login has open sessions while its password changes', { login: role.name, sessions: role.sessions });
  }
}
