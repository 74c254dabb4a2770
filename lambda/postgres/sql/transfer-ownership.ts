import { readable } from './clone-pair';
import { readCloneGrants } from './read-clone-grants';
import { readCloneRules } from './read-clone-rules';
import type { MissingGrant, Pair } from '../../ports/logins';
import type { Connection } from '../connection';
import { refusalOf } from '../refusal-of';
import { identifier, type Sql, sql } from '../template/sql';

/**
 * Transferred objects stay locked until the end of the transaction, and other sessions wait for them. The timeout is
 * far shorter than PostgreSQL's `deadlock_timeout` of one second, so that in a deadlock this session fails and not the
 * application's.
 */
const LOCK_TIMEOUT = sql`SET LOCAL lock_timeout TO '50ms'`;

/**
 * As the alternate, in one transaction: gives the owner the alternate's objects and privileges in this database. If
 * anything is still missing afterwards, the transaction is rolled back, and the statements that other roles have to run
 * are returned.
 */
export async function transferOwnership(
  alternate: Connection,
  pair: Pair,
  ending: 'COMMIT' | 'ROLLBACK',
): Promise<MissingGrant[]> {
  const give = (grants: readonly MissingGrant<Sql>[]) =>
    alternate.run(grants.filter(({ canRun }) => canRun).map(grant => grant.sql));
  const reassign = sql`REASSIGN OWNED BY ${identifier(pair.alternate)} TO ${identifier(pair.owner)}`;
  await alternate.run([sql`BEGIN`, LOCK_TIMEOUT]);
  const grants = await readCloneGrants(alternate, pair);
  // Ownership changes after the grants, because the new owner may need one of them, such as CREATE on a schema, and
  // before the rules, because changing them may need the new owner.
  const refused = await refusalOf(async () => {
    await give(grants);
    await alternate.run([reassign]);
    await give(await readCloneRules(alternate, pair));
  });
  if (refused !== undefined) {
    await alternate.run([sql`ROLLBACK`]);
    const byAdmin = { sql: reassign, canRun: true, reason: refused };
    return readable([...grants, byAdmin, ...(await readCloneRules(alternate, pair))]);
  }
  const missing = [...(await readCloneGrants(alternate, pair)), ...(await readCloneRules(alternate, pair))];
  await alternate.run([missing.length === 0 && ending === 'COMMIT' ? sql`COMMIT` : sql`ROLLBACK`]);
  return readable(missing);
}
