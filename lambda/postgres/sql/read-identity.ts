import type { Identity } from '../../ports/database';
import type { Connection } from '../connection';
import { sql } from '../template/sql';

/** Before the role that a login's sessions start as, among its settings. */
const ROLE = 'role=';

/** Who the session is. */
export async function readIdentity(connection: Connection): Promise<Identity> {
  const [{ settings, ...identity }] = await connection.query<
    Omit<Identity, 'startsAs'> & { settings: string[] | null }
  >(READ_IDENTITY);
  const role = settings?.find(setting => setting.startsWith(ROLE));
  return { ...identity, startsAs: role?.slice(ROLE.length) ?? identity.sessionUser };
}

/** Not by pg_roles: a session that has just begun takes a millisecond to make out that view. */
export const READ_IDENTITY = sql`
  SELECT SESSION_USER AS "sessionUser", CURRENT_USER AS "currentUser", (
    SELECT s.setconfig FROM pg_db_role_setting AS s
    WHERE s.setdatabase = 0::oid AND s.setrole = to_regrole(quote_ident(SESSION_USER::text))::oid
  ) AS settings`;
