import { asMember } from './become-member';
import type { Connection } from '../connection';
import { integer, literal, type Sql, sql } from '../template/sql';

/** How long the server waits for each session to end. */
const PATIENCE_MS = 1_000;

interface LoginSessions {
  readonly sessions: number;
  /** Whether the admin may end the sessions without becoming a member first. */
  readonly mayEnd: boolean;
}

/**
 * Ends the sessions that a login has at this moment. Returns their number. `pg_terminate_backend` requires membership
 * in `pg_signal_backend` or the privileges of the login's role; if the admin has neither, it becomes a member of the
 * role for this one transaction.
 */
export async function endSessions(admin: Connection, username: string): Promise<number> {
  const [found] = await admin.query<LoginSessions>(READ_SESSIONS, [username]);
  if (!found || found.sessions === 0) return 0;
  const end = () => admin.run([terminate(username)]);
  await (found.mayEnd ? end() : asMember(admin, [username], end));
  return found.sessions;
}

export const READ_SESSIONS = sql`
  SELECT (SELECT count(*)::int4 FROM pg_stat_activity AS a WHERE a.usesysid = r.oid) AS sessions,
    pg_has_role(SESSION_USER, 'pg_signal_backend', 'USAGE') OR pg_has_role(SESSION_USER, r.oid, 'USAGE') AS "mayEnd"
  FROM pg_roles AS r
  WHERE r.rolname = $1::name`;

export function terminate(username: string): Sql {
  return sql`SELECT pg_terminate_backend(a.pid, ${integer(PATIENCE_MS)}) FROM pg_stat_activity AS a
    WHERE a.usename = ${literal(username)}`;
}
