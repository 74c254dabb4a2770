import { RotatingPostgresError } from '../../../client/src/shared/errors';
import type { Credential } from '../../../client/src/shared/secret-value';
import { ErrorCode } from '../../../src/contract';
import { isLocked, isRefusedLogin } from '../../ports/error-predicates';
import type { MissingGrant, Pair } from '../../ports/logins';
import type { LoginAdmin, LoginSession } from '../../ports/sessions';
import { log } from '../../runtime/log';
import type { Rotation } from '../state/rotation';

const LOCK_BACKOFF_MS = 250;

/** Keeps the error short enough for one log event. */
const MOST_LINES = 300;

/**
 * Adopts an alternate that AWS's rotation function created. Its sessions start as the alternate itself; it owns the
 * objects that it creates, and may have grants that its owner lacks. Before its sessions start as the owner and would
 * lose them, all of that passes to the owner. Open sessions are not affected, because the alternate inherits from the
 * owner.
 *
 * Every database first gets a dry run that ends in ROLLBACK, so that all statements which another role must run are
 * known before anything changes.
 *
 * @param admin a session of the admin, which has already set the pending password
 * @throws with code `Role` and the script that another role must run
 */
export async function adoptAlternate(
  rotation: Rotation,
  admin: LoginAdmin,
  pair: Pair,
  { current, pending }: Credentials,
): Promise<void> {
  const login = pending.username === pair.alternate ? pending : current;
  try {
    await adopt(rotation, admin, pair, login);
  } catch (error) {
    if (login === pending || !isRefusedLogin(error)) throw error;
    // The database may have been restored from a snapshot. The rotation of the owner continues; the next rotation is
    // the alternate's, and after it the alternate logs in.
    log.warn('the alternate does not log in; it is adopted when its own password is rotated next', { ...pair });
  }
}

async function adopt(rotation: Rotation, admin: LoginAdmin, pair: Pair, login: Credential): Promise<void> {
  const { server, databases, missingGrants } = await admin.shareMemberships(pair, login.dbname);
  const inDatabase = (dbname: string, ending: Ending) =>
    transferOwnership(rotation, pair, { ...login, ...server, dbname }, ending);
  const script = scriptOf(missingGrants);
  for (const dbname of databases) {
    const missing = await inDatabase(dbname, 'ROLLBACK');
    script.push(...scriptOf(missing.filter(({ shared }) => shared)).filter(line => !script.includes(line)));
    const own = missing.filter(({ shared }) => !shared);
    if (own.length > 0) script.push(`-- in the database ${JSON.stringify(dbname)}`, ...scriptOf(own));
  }
  if (script.length > 0) throw refused(pair, script);
  for (const dbname of databases) await inDatabase(dbname, 'COMMIT');
  await admin.grantOwnerMembership(pair);
  log.info("the owner now has the alternate's objects and privileges", { ...pair, databases });
}

interface Credentials {
  readonly current: Credential;
  readonly pending: Credential;
}
type Ending = Parameters<LoginSession['transferOwnership']>[1];

/**
 * Retries until the deadline while another session holds a lock. The transactions of an application are usually short.
 */
async function transferOwnership(
  { database, deadline }: Rotation,
  pair: Pair,
  login: Credential,
  ending: Ending,
): Promise<MissingGrant[]> {
  for (;;) {
    const session = await database.openAsLogin(login);
    try {
      return await session.transferOwnership(pair, ending);
    } catch (error) {
      if (!isLocked(error) || !(await deadline.wait(LOCK_BACKOFF_MS))) throw error;
    } finally {
      await session.close();
    }
  }
}

/**
 * One line for each statement. A role or object name may contain a line break, which would end the comment; text after
 * it must not run as a statement.
 */
function scriptOf(grants: readonly MissingGrant[]): string[] {
  return grants.map(({ sql, runAs, reason }) => {
    const who = runAs === undefined ? 'an admin of the roles named' : JSON.stringify(runAs);
    return `${sql}; -- as ${who}${reason === undefined ? '' : ` (${reason.replace(/\s+/g, ' ')})`}`;
  });
}

function refused({ owner, alternate }: Pair, script: string[]): RotatingPostgresError {
  const more =
    script.length > MOST_LINES
      ? [`-- and ${script.length - MOST_LINES} more statements, which the next attempt lists`]
      : [];
  return new RotatingPostgresError(
    ErrorCode.ROLE,
    `the login "${alternate}", which another rotation function created, owns objects or holds privileges that ` +
      `"${owner}" lacks; they would be lost when its sessions start as "${owner}". No object or privilege was ` +
      'transferred, and AWSCURRENT logs in. Run these statements, then rotate ' +
      `again:\n${[...script.slice(0, MOST_LINES), ...more].join('\n')}`,
  );
}
