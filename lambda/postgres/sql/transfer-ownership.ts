import { readable } from './clone-pair';
import { readCloneGrants } from './read-clone-grants';
import { readCloneRules } from './read-clone-rules';
import type { MissingGrant, Pair } from '../../ports/database';
import type { Connection } from '../connection';
import { refusalOf } from '../refusal-of';
import { identifier, type Sql, sql } from '../template/sql';

/**
 * What changes hands is locked until the end of the transaction, and whoever wants it waits. Far shorter than
 * PostgreSQL's `deadlock_timeout` of a second, so that in a deadlock with a session of the application it is this side
 * that gives way.
 */
const LOCK_TIMEOUT = sql`SET LOCAL lock_timeout TO '50ms'`;

/**
 * As the alternate, in one transaction: gives the owner what the alternate owns and may do in this database. Where
 * something is lacking after that, it comes to nothing; what that is, others have to do.
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
  // What is owned goes between the two: its new owner may need a grant, as CREATE on a schema, and the rules may need
  // its owner.
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
