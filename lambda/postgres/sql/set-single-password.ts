import { fenced } from './fence-change';
import { readRole } from './read-roles';
import { scramVerifier } from '../../credential/scram';
import type { SecretVersion } from '../../ports/logins';
import { confirmIfDoubtful, logSessions } from '../before-password-change';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { withAdminOption } from '../role';
import { identifier, literal, sql } from '../template/sql';
import { checkOwnPeriod, ownValidUntil, validUntil } from '../valid-until';

/** Sets the password of a login that has no alternate, as the admin. */
export async function setPassword(
  admin: Connection,
  secret: SecretVersion,
  username: string,
  password: string,
): Promise<void> {
  await retried(admin, async () => {
    const [role, verifier] = await Promise.all([
      readRole(admin, username, secret.arn),
      scramVerifier(password, admin.scramIterations),
    ]);
    checkOwnPeriod(role);
    await confirmIfDoubtful(secret, role, [role]);
    logSessions(role);
    const period = validUntil(role.validUntil, ownValidUntil(role));
    const change = sql`ALTER ROLE ${identifier(username)} LOGIN PASSWORD ${literal(verifier)}${period}`;
    await admin.run(fenced(role, [change], { secretArn: secret.arn, version: secret.version })).catch(error => {
      throw withAdminOption(error, admin, [role]);
    });
  });
}
