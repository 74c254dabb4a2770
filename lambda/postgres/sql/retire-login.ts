import type { SecretVersion } from '../../ports/database';
import { log } from '../../runtime/log';
import type { Connection } from '../connection';
import { fenced, retried } from '../fence';
import { readRole } from '../roles';
import { identifier } from '../sql';
import { after, ownValidUntil, validUntil } from '../valid-until';

/**
 * Lets the login that a rotation has replaced work for so many seconds more. Only the one that has the password of that
 * very version: if a later rotation has armed it since, it may be the one in use.
 */
export async function retireLogin(
  connection: Connection,
  { arn, version }: Pick<SecretVersion, 'arn' | 'version'>,
  username: string,
  seconds: number,
): Promise<boolean> {
  return retried(connection, async () => {
    const role = await readRole(connection, username, arn);
    const { mark } = role;
    // A login without a version in its mark has never been armed by a rotation: it has the password that it was adopted
    // with.
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
    await connection.run(
      fenced(role, [`ALTER ROLE ${identifier(username)}${validUntil(null, until)}`], {
        secretArn: arn,
        version,
        validUntil: until,
      }),
    );
    log.info('the login is retired', { login: username, validUntil: until, sessions: role.sessions });
    return true;
  });
}
