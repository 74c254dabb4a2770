import { isRefusedLogin } from './errors';
import type { Purpose } from './ports/database';
import type { Deadline } from './ports/deadline';
import type { SecretStore } from './ports/secret-store';
import { RotatingPostgresError } from '../client/src/errors';
import { type Credential, parseSecretValue } from '../client/src/secret-value';
import { ErrorCode } from '../src/contract';

const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 4_000;
const STAGES = ['AWSCURRENT', 'AWSPENDING'];

interface Ports<Session> {
  readonly store: SecretStore;
  readonly database: { open(credential: Credential, purpose: Purpose): Promise<Session> };
  readonly deadline: Deadline;
}

/** Where the admin logs in. */
export type Server = Pick<Credential, 'engine' | 'host' | 'port' | 'dbname'>;

/**
 * Logs in as the admin, whose own rotation may run at this moment: then AWSCURRENT no longer logs in and AWSPENDING does
 * already, or will. Both are tried, and read again, until the time is up.
 */
export async function logInAsAdmin<Session>(
  { store, database, deadline }: Ports<Session>, server: Server, adminSecretId: string,
): Promise<Session> {
  for (let backoff = BACKOFF_MS; ; backoff = Math.min(backoff * 2, MAX_BACKOFF_MS)) {
    let refused: unknown;
    for (const stage of STAGES) {
      const value = await store.read(adminSecretId, { stage });
      if (value === undefined) continue;
      try {
        return await database.open(adminCredential(value, `${adminSecretId} ${stage}`, server), 'administer');
      } catch (error) {
        if (!isRefusedLogin(error)) throw error;
        refused = error;
      }
    }
    if (refused === undefined) throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${adminSecretId} has no AWSCURRENT value`);
    if (!await deadline.wait(backoff)) {
      throw new RotatingPostgresError(ErrorCode.AUTHENTICATION,
        `${adminSecretId}: neither AWSCURRENT nor AWSPENDING logs in as the admin at ${server.host}:${server.port}`, { cause: refused });
    }
  }
}

/**
 * The admin of this server. An RDS-managed secret holds no more than a user name and a password, so that the rest comes from
 * the application's; where it does name a host, that must be the same one.
 */
function adminCredential(value: string, label: string, server: Server): Credential {
  const { engine, host, port, dbname } = server;
  const credential = parseSecretValue(value, label, { engine, host, port, dbname });
  if (credential.host.toLowerCase() !== host.toLowerCase() || credential.port !== port) {
    throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${label}: host and port are not those of the application's secret, ${host}:${port}`);
  }
  return credential;
}
