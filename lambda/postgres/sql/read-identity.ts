import type { Identity } from '../../ports/sessions';
import type { Connection } from '../connection';
import { sql } from '../template/sql';

/** The prefix of the `SET role` default among a login's settings. */
const ROLE = 'role=';

/** Reads the roles of the session. */
export async function readIdentity(connection: Connection): Promise<Identity> {
  const [{ settings, ...identity }] = await connection.query<
    Omit<Identity, 'startsAs'> & { settings: string[] | null }
  >(READ_IDENTITY);
  const role = settings?.find(setting => setting.startsWith(ROLE));
  return { ...identity, startsAs: role?.slice(ROLE.length) ?? identity.sessionUser };
}

/** Does not use `pg_roles`: expanding that view takes a millisecond in a new session. */
export const READ_IDENTITY = sql`
  SELECT SESSION_USER AS "sessionUser", CURRENT_USER AS "currentUser", (
    SELECT s.setconfig FROM pg_db_role_setting AS s
    WHERE s.setdatabase = 0::oid AND s.setrole = to_regrole(quote_ident(SESSION_USER::text))::oid
  ) AS settings`;
