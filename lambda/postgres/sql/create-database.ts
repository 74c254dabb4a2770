import { readDatabase } from './read-database';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { type DatabaseUserPrivileges, ErrorCode } from '../../../src/contract';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { identifier, sql } from '../template/sql';

/**
 * Whether a missing database is created for a user with these privileges. A new database has no tables of others that
 * the user could read.
 */
const isMadeFor = (privileges: DatabaseUserPrivileges) => privileges === 'owner' || privileges === 'connect';

/**
 * Creates the database if it does not exist.
 *
 * @throws with code `DatabaseMissing` if it does not exist and the user is declared to read the tables of others in it
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
        `${admin.login.host}:${admin.login.port} has no database "${name}": deploy the user that owns it ` +
          'before the users that read it',
      );
    }
    // on its own: CREATE DATABASE cannot run in a transaction block
    await admin.run([sql`CREATE DATABASE ${identifier(name)}`]);
  });
}
