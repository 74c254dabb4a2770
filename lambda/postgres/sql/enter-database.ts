import { asMember } from './become-member';
import { readDatabase } from './read-database';
import { lacksPrivilege } from '../../ports/error-predicates';
import type { Connection } from '../connection';
import { identifier, sql } from '../template/sql';

/**
 * Connects the admin to a database that an application controls. An admin without CONNECT receives it only while it
 * connects, because PostgreSQL checks the privilege only then.
 */
export async function enterDatabase(
  admin: Connection,
  name: string,
  open: () => Promise<Connection>,
): Promise<Connection> {
  return open().catch(async error => {
    const found = await readDatabase(admin, name, admin.login.username);
    if (!lacksPrivilege(error) || !found) throw error;
    const [database, owner] = [identifier(name), [found.owner]];
    await asMember(admin, owner, () => admin.run([sql`GRANT CONNECT ON DATABASE ${database} TO CURRENT_USER`]));
    try {
      return await open();
    } finally {
      await asMember(admin, owner, () => admin.run([sql`REVOKE CONNECT ON DATABASE ${database} FROM CURRENT_USER`]));
    }
  });
}
