import type { ServerIdentity } from '../../ports/sessions';
import type { Connection } from '../connection';
import { sql } from '../template/sql';

/** Reads the identity of the server. */
export async function readServer(connection: Connection): Promise<ServerIdentity> {
  const [server] = await connection.query<ServerIdentity>(READ_SERVER);
  return server;
}

export const READ_SERVER = sql`
  SELECT system_identifier::text AS "systemIdentifier", pg_postmaster_start_time()::text AS "startedAt",
    pg_is_in_recovery() AS "inRecovery"
  FROM pg_control_system()`;
