import { commentOn, fenced, lockOf, stillCommented } from './fence-change';
import { joinOwner, readPair } from './grant-owner-membership';
import { scramVerifier } from '../../credential/scram';
import type { Pair, SecretVersion } from '../../ports/logins';
import { confirmIfDoubtful, logSessions } from '../before-password-change';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { type Role, withAdminOption } from '../role';
import { formatComment, type RoleMark } from '../role-mark';
import { identifier, literal, type Sql, sql } from '../template/sql';
import { checkOwnPeriod, ownValidUntil, validUntil } from '../valid-until';

/**
 * Sets the password of one login of the pair, as the admin, in one transaction. The alternate is a member of the owner
 * and its sessions start as the owner, so that one role owns the objects of both. Every rotation checks and restores
 * this: after a lost membership, PostgreSQL would only warn, and the session would run as the wrong role.
 */
export async function setAlternatingPassword(
  admin: Connection,
  pair: Pair,
  secret: SecretVersion,
  username: string,
  password: string,
): Promise<{ adopt: boolean }> {
  return retried(admin, async () => {
    const [{ owner, alternate }, verifier] = await Promise.all([
      readPair(admin, pair, secret.arn),
      scramVerifier(password, admin.scramIterations),
    ]);
    const role = username === pair.owner ? owner : alternate;
    checkOwnPeriod(owner);
    await confirmIfDoubtful(secret, role, [owner, alternate]);
    logSessions(role);
    // The alternate's sessions that were open when its `SET role` default was set keep running as the alternate, and
    // the alternate owns the objects that they create.
    const adopt =
      alternate !== undefined && (startsAs(alternate, pair.owner) ? alternate.ownsObjects : alternate.hasOwn);
    const verb = role ? sql`ALTER` : sql`CREATE`;
    const period = validUntil(role?.validUntil ?? null, ownValidUntil(owner));
    const change = sql`${verb} ROLE ${identifier(username)} LOGIN PASSWORD ${literal(verifier)}${period}`;
    const mark = { secretArn: secret.arn, version: secret.version };
    await admin
      .run([
        ...(role ? fenced(role, [change], mark) : createdFor(owner, change, username, mark)),
        ...(alternate || !role
          ? joinOwner(pair, owner, alternate, { hasNewPassword: role === alternate, keepsOwnRole: adopt })
          : []),
      ])
      .catch(error => {
        throw withAdminOption(error, admin, [owner, alternate]);
      });
    return { adopt };
  });
}

/** The alternate does not exist yet and has no comment to check, so that the owner's comment is checked. */
function createdFor(owner: Role, creation: Sql, username: string, mark: RoleMark): Sql[] {
  return [lockOf(owner), stillCommented(owner), creation, commentOn(username, formatComment('', mark))];
}

function startsAs(role: Role, owner: string): boolean {
  return role.settings.some(({ database, settings }) => database === null && settings.includes(`role=${owner}`));
}
