import type { Connection } from './connection';
import { MEMBERSHIP_OPTIONS_SINCE } from './roles';
import { identifier, literal } from './sql';

/** How long the server waits for each session to be gone. */
const PATIENCE_MS = 1_000;

interface Power {
  readonly sessions: number;
  /** Whether the admin may end the sessions as it is. */
  readonly able: boolean;
  /** Whether the admin has made itself a member of the role, or somebody did where that is all one. */
  readonly member: boolean;
  readonly version: number;
}

/**
 * Ends the sessions of a login, as far as they are there when it is called; how many there were. Who may end them is a member
 * of `pg_signal_backend`, or has the role's privileges: the admin takes them for this one transaction, if need be.
 */
export async function endSessions(connection: Connection, username: string): Promise<number> {
  const [power] = await connection.query<Power>(READ_POWER, [username]);
  if (!power || power.sessions === 0) return 0;
  const terminate = `SELECT pg_catalog.pg_terminate_backend(a.pid, ${PATIENCE_MS}) FROM pg_catalog.pg_stat_activity AS a
    WHERE a.usename OPERATOR(pg_catalog.=) ${literal(username)}`;
  await connection.run(power.able ? [terminate] : asMember(identifier(username), power, terminate));
  return power.sessions;
}

function asMember(role: string, { version, member }: Power, statement: string): string[] {
  const options = version >= MEMBERSHIP_OPTIONS_SINCE;
  return [
    `GRANT ${role} TO CURRENT_USER${options ? ' WITH INHERIT TRUE' : ''}`,
    statement,
    ...member ? options ? [`GRANT ${role} TO CURRENT_USER WITH INHERIT FALSE`] : [] : [`REVOKE ${role} FROM CURRENT_USER`],
  ];
}

const READ_POWER = `
  SELECT (SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pg_catalog.pg_stat_activity AS a WHERE a.usesysid OPERATOR(pg_catalog.=) r.oid) AS sessions,
    pg_catalog.pg_has_role(SESSION_USER, 'pg_signal_backend', 'USAGE') OR pg_catalog.pg_has_role(SESSION_USER, r.oid, 'USAGE') AS able,
    EXISTS (
      SELECT FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS me ON me.oid OPERATOR(pg_catalog.=) m.member
      WHERE me.rolname OPERATOR(pg_catalog.=) SESSION_USER AND m.roleid OPERATOR(pg_catalog.=) r.oid
        AND (m.grantor OPERATOR(pg_catalog.=) me.oid OR pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.<) ${MEMBERSHIP_OPTIONS_SINCE})
    ) AS member,
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version
  FROM pg_catalog.pg_roles AS r
  WHERE r.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name`;
