import { asMember } from './become-member';
import { type FoundDatabase, readDatabase } from './read-database';
import type { DatabaseUserPrivileges } from '../../../src/contract';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { identifier, type Sql, sql } from '../template/sql';

/**
 * Grants the declared privileges on a database as a whole, and revokes those that were declared before and are not any
 * more. Returns whether the database exists.
 */
export async function grantDatabase(
  admin: Connection,
  user: string,
  name: string,
  declared?: DatabaseUserPrivileges,
  before?: DatabaseUserPrivileges,
): Promise<boolean> {
  return retried(admin, async () => {
    const found = await readDatabase(admin, name, user);
    if (!found) return false;
    const statements = changes(user, name, found, declared, before);
    // To change the owner of a database to or from a role, the admin has to be a member of that role. To grant on the
    // database, it has to be a member of its owner.
    if (statements.length > 0) {
      await asMember(admin, [declared === 'owner' ? user : found.owner], () => admin.run(statements));
    }
    return true;
  });
}

function changes(
  user: string,
  database: string,
  found: FoundDatabase,
  declared?: DatabaseUserPrivileges,
  before?: DatabaseUserPrivileges,
): Sql[] {
  const [name, role] = [identifier(database), identifier(user)];
  const owns = found.owner === user;
  if (declared === 'owner') return owns ? [] : [sql`ALTER DATABASE ${name} OWNER TO ${role}`];
  const back = owns && before === 'owner';
  return [
    ...(back ? [sql`ALTER DATABASE ${name} OWNER TO CURRENT_USER`] : []),
    ...(declared && (back || !found.connects) ? [sql`GRANT CONNECT ON DATABASE ${name} TO ${role}`] : []),
    ...(!declared && before && found.granted ? [sql`REVOKE CONNECT ON DATABASE ${name} FROM ${role}`] : []),
  ];
}
