import { readDatabase } from './read-database';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { type DatabaseUserPrivileges, ErrorCode } from '../../../src/contract';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { identifier, sql } from '../template/sql';

/**
 * Whether a database is made for a user who is declared to have these privileges in it; the tables of others are not in
 * a new one.
 */
const isMadeFor = (privileges: DatabaseUserPrivileges) => privileges === 'owner' || privileges === 'connect';

/**
 * Makes the database if it is not there.
 *
 * @throws with code `DatabaseMissing` where the user is to read what others have in it
 */
export async function createDatabase(
  admin: Connection,
  name: string,
  privileges: DatabaseUserPrivileges,
): Promise<void> {
  await retried(admin, async () => {
    if (await readDatabase(admin, name, '')) return;
    if (!isMadeFor(privileges)) {
      throw new RotatingPostgresError(
        ErrorCode.DATABASE_MISSING,
        `${admin.login.host}:${admin.login.port} has no database "${name}": deploy the user who owns it ` +
          'before those who read in it',
      );
    }
    await admin.run([sql`CREATE DATABASE ${identifier(name)}`]); // alone: it cannot be part of a transaction
  });
}
