import type { Connection } from '../connection';
import { asMember } from '../membership';
import { literal } from '../sql';

/** How long the server waits for each session to be gone. */
const PATIENCE_MS = 1_000;

interface Power {
  readonly sessions: number;
  /** Whether the admin may end the sessions as it is. */
  readonly able: boolean;
}

/**
 * Ends the sessions of a login, as far as they are there when it is called; how many there were. Who may end them is a
 * member of `pg_signal_backend`, or has the role's privileges: the admin takes them for this one transaction, if need
 * be.
 */
export async function endSessions(connection: Connection, username: string): Promise<number> {
  const [power] = await connection.query<Power>(READ_POWER, [username]);
  if (!power || power.sessions === 0) return 0;
  const terminate = `SELECT pg_catalog.pg_terminate_backend(a.pid, ${PATIENCE_MS}) FROM pg_catalog.pg_stat_activity AS a
    WHERE a.usename OPERATOR(pg_catalog.=) ${literal(username)}`;
  const end = () => connection.run([terminate]);
  await (power.able ? end() : asMember(connection, [username], end));
  return power.sessions;
}

const READ_POWER = `
  SELECT (SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pg_catalog.pg_stat_activity AS a WHERE a.usesysid OPERATOR(pg_catalog.=) r.oid) AS sessions,
    pg_catalog.pg_has_role(SESSION_USER, 'pg_signal_backend', 'USAGE') OR pg_catalog.pg_has_role(SESSION_USER, r.oid, 'USAGE') AS able
  FROM pg_catalog.pg_roles AS r
  WHERE r.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name`;
