import { commentOn, fenced, lockOf } from './fence-change';
import { readRoles } from './read-roles';
import { setAlternatingPassword } from './set-alternating-password';
import type { Credential } from '../../../client/src/shared/secret-value';
import type { Pair, SecretVersion } from '../../ports/logins';
import type { Connection } from '../connection';
import { roleRefused } from '../role';
import { formatComment } from '../role-mark';
import { quoteIdentifier } from '../template/quote';
import { identifier, sql } from '../template/sql';

/**
 * Creates the login, or takes over an existing one that the secret's credential logs in to. The password is set only
 * where the credential does not log in, so that an update leaves a rotated login alone.
 */
export async function createLogin(
  admin: Connection,
  secret: SecretVersion,
  pair: Pair,
  credential: Credential,
  logsIn: () => Promise<boolean>,
): Promise<void> {
  const { arn, version } = secret;
  const { owner, alternate } = await readRoles(admin, pair, arn);
  if (!owner) {
    await admin.run([
      sql`CREATE ROLE ${identifier(pair.owner)} LOGIN`,
      commentOn(pair.owner, formatComment('', { secretArn: arn })),
    ]);
  } else if (await logsIn()) {
    const current = credential.username === pair.alternate ? alternate : owner;
    if (!owner.mark && current !== owner) await admin.run(fenced(owner, [lockOf(owner)], { secretArn: arn }));
    const marked = current?.mark?.version === version;
    if (current && !marked) {
      await admin.run(fenced(current, [lockOf(current)], { ...current.mark, secretArn: arn, version }));
    }
    return;
  } else if (!owner.mark) {
    throw roleRefused(
      `the role ${quoteIdentifier(pair.owner)} exists already and ${arn} does not log in to it: choose another user ` +
        'name, or drop the role',
    );
  }
  await setAlternatingPassword(admin, pair, secret, credential.username, credential.password);
}
