import { LocalPostgres, startPostgres } from './postgres';
import { SERVER_VARIABLE } from './servers';

/**
 * Starts the one PostgreSQL of a jest run, unless the environment names one. Should jest be killed, the server's
 * watchdog stops it.
 */
export default async function setUp(): Promise<void> {
  if (process.env[SERVER_VARIABLE]) return;
  const server = await startPostgres();
  process.env[SERVER_VARIABLE] = JSON.stringify(server);
  running.localPostgres = server;
}

/** Set-up and tear-down share a process but not a module registry. */
export const running = globalThis as { localPostgres?: LocalPostgres };
