import { RotatingPostgresError } from '../../../client/src/shared/errors';
import type { Credential } from '../../../client/src/shared/secret-value';
import { ErrorCode } from '../../../src/contract';
import type { MissingGrant, Pair, Session } from '../../ports/database';
import { isLocked, isRefusedLogin } from '../../ports/error-predicates';
import { log } from '../../runtime/log';
import type { Rotation } from '../rotation';

const LOCK_BACKOFF_MS = 250;

/** So that the error stays one that a log takes. */
const MOST_LINES = 300;

/**
 * An alternate that AWS's function made starts its sessions as itself, owns what it creates and may have been granted
 * more than its owner. All that goes to the owner, before the alternate's sessions start as the owner and would no
 * longer see it. The alternate inherits from the owner, so that its open sessions do not notice.
 *
 * First it is tried in every database and undone, so that whatever a person has to do is known before anything changes
 * hands.
 *
 * @param admin a session of the admin, who has readied the pending login
 * @throws with code `Role` and the script that a person has to run
 */
export async function adoptAlternate(
  rotation: Rotation,
  admin: Session,
  pair: Pair,
  { current, pending }: Credentials,
): Promise<void> {
  const login = pending.username === pair.alternate ? pending : current;
  try {
    await adopt(rotation, admin, pair, login);
  } catch (error) {
    if (login === pending || !isRefusedLogin(error)) throw error;
    // As in a database that is back from a snapshot. The owner's turn goes on; the next one is the alternate's, which
    // then logs in.
    log.warn('the alternate does not log in and keeps what it has until its next turn', { ...pair });
  }
}

async function adopt(rotation: Rotation, admin: Session, pair: Pair, login: Credential): Promise<void> {
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
  log.info("what the alternate had is the owner's now", { ...pair, databases });
}

interface Credentials {
  readonly current: Credential;
  readonly pending: Credential;
}
type Ending = Parameters<Session['transferOwnership']>[1];

/** A table in use changes hands as soon as no transaction holds it; an application's mostly are short. */
async function transferOwnership(
  { database, deadline }: Rotation,
  pair: Pair,
  login: Credential,
  ending: Ending,
): Promise<MissingGrant[]> {
  for (;;) {
    const session = await database.open(login, 'hand-over');
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
 * A line each. A name can have a line break in it, which would end the comment: what comes after must not run as a
 * statement.
 */
function scriptOf(grants: readonly MissingGrant[]): string[] {
  return grants.map(({ sql, runAs, reason }) => {
    const who = runAs === undefined ? 'an admin of the roles named' : JSON.stringify(runAs);
    return `${sql}; -- as ${who}${reason === undefined ? '' : ` (${reason.replace(/\s+/g, ' ')})`}`;
  });
}

function refused({ owner, alternate }: Pair, script: string[]): RotatingPostgresError {
  const more =
    script.length > MOST_LINES ? [`-- and ${script.length - MOST_LINES} more lines, which the next attempt names`] : [];
  return new RotatingPostgresError(
    ErrorCode.ROLE,
    `the login "${alternate}", which another rotation function made, has what "${owner}" has not, and ` +
      'would lose it once its sessions start as ' +
      `"${owner}". Nothing has changed hands, and AWSCURRENT logs in. Run this, then rotate ` +
      `again:\n${[...script.slice(0, MOST_LINES), ...more].join('\n')}`,
  );
}
