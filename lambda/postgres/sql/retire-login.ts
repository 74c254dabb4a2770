import { fenced } from './fence-change';
import { readRole } from './read-roles';
import type { SecretVersion } from '../../ports/logins';
import { log } from '../../runtime/log';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { identifier, sql } from '../template/sql';
import { after, ownValidUntil, validUntil } from '../valid-until';

/**
 * Sets `VALID UNTIL` on the login that a rotation replaced, this many seconds from now. Only a login with the password
 * of the replaced version is retired: after a later rotation it may be the current login.
 */
export async function retireLogin(
  admin: Connection,
  { arn, version }: Pick<SecretVersion, 'arn' | 'version'>,
  username: string,
  seconds: number,
): Promise<boolean> {
  return retried(admin, async () => {
    const role = await readRole(admin, username, arn);
    const { mark } = role;
    // A login whose mark has no version never received a password from a rotation: it still has the one that it was
    // adopted with.
    const replaced = !mark?.revoked && (mark?.version === undefined || mark.version === version);
    if (!replaced) return false;
    if (ownValidUntil(role) !== null) {
      log.info('the login has a VALID UNTIL of its own and is not retired', {
        login: username,
        validUntil: role.validUntil,
      });
      return false;
    }
    if (role.validUntil !== null) return true;
    const until = after(role.now, seconds);
    await admin.run(
      fenced(role, [sql`ALTER ROLE ${identifier(username)}${validUntil(null, until)}`], {
        secretArn: arn,
        version,
        validUntil: until,
      }),
    );
    log.info('the login is retired', { login: username, validUntil: until, sessions: role.sessions });
    return true;
  });
}
