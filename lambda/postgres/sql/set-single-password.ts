import { scramVerifier } from '../../credential/scram';
import type { SecretVersion } from '../../ports/database';
import { log } from '../../runtime/log';
import type { Connection } from '../connection';
import { fenced, retried } from '../fence';
import { readRole, type Role, withMissingGrant } from '../roles';
import { identifier, literal } from '../sql';
import { checkOwnPeriod, ownValidUntil, validUntil } from '../valid-until';

/** Makes a login ready that nobody alternates with, as the admin. */
export async function armSingleLogin(
  connection: Connection,
  secret: SecretVersion,
  username: string,
  password: string,
): Promise<void> {
  await retried(connection, async () => {
    const [role, verifier] = await Promise.all([
      readRole(connection, username, secret.arn),
      scramVerifier(password, connection.scramIterations),
    ]);
    checkOwnPeriod(role);
    await confirmIfDoubtful(secret, role, [role]);
    logSessions(role);
    const period = validUntil(role.validUntil, ownValidUntil(role));
    const arming = `ALTER ROLE ${identifier(username)} LOGIN PASSWORD ${literal(verifier)}${period}`;
    await connection.run(fenced(role, [arming], { secretArn: secret.arn, version: secret.version })).catch(error => {
      throw withMissingGrant(error, connection, [role]);
    });
  });
}

/**
 * A login that was revoked, or has the password of a version that is neither this one nor the one before, has changed
 * since this rotation began; or the rotation before it was given up.
 */
export async function confirmIfDoubtful(
  secret: SecretVersion,
  armed: Role | undefined,
  roles: readonly (Role | undefined)[],
): Promise<void> {
  const version = armed?.mark?.version;
  const expected = version === undefined || version === secret.version || version === secret.replaces;
  if (!expected || roles.some(role => role?.mark?.revoked)) await secret.confirm?.();
}

/** The password changes, the sessions stay: whoever is still on the old one is better known. */
export function logSessions(role: Role | undefined): void {
  if (role && role.sessions > 0) {
    log.info('the login still has sessions from before', { login: role.name, sessions: role.sessions });
  }
}
