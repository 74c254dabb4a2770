import { sameAddress, sameCluster } from './same-server';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type Credential, parseSecretValue } from '../../client/src/shared/secret-value';
import { ErrorCode } from '../../src/contract';
import { checkServer } from '../credential/binding';
import type { Purpose, ServerIdentity } from '../ports/database';
import type { Deadline } from '../ports/deadline';
import { isRefusedLogin } from '../ports/error-predicates';
import type { SecretStore } from '../ports/secret-store';
import type { Settings } from '../runtime/settings';

const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 4_000;
const STAGES = ['AWSCURRENT', 'AWSPENDING'];

/** What a session tells of its server, and how it ends. */
interface AdminSession {
  server(): Promise<ServerIdentity>;
  close(): Promise<void>;
}

/** What an admin's login takes. */
export interface AdminPorts<Session extends AdminSession> {
  readonly store: SecretStore;
  readonly database: { open(credential: Credential, purpose: Purpose): Promise<Session> };
  readonly deadline: Deadline;
  readonly settings: Pick<Settings, 'servers'>;
}

/** Where the application logs in. */
export type Server = Pick<Credential, 'engine' | 'host' | 'port' | 'dbname'>;

/**
 * Logs in as the admin, whose own rotation may run at this moment: then AWSCURRENT no longer logs in and AWSPENDING
 * does already, or will. Both are tried, and read again, until the time is up.
 *
 * @param witness a credential that logs in at `server`, to show that an admin secret which names another host means the
 *   writer of the same database; without one, only the names of RDS can show it
 */
export async function logInAsAdmin<Session extends AdminSession>(
  ports: AdminPorts<Session>,
  server: Server,
  adminSecretId: string,
  witness?: Credential,
): Promise<Session> {
  const { store, database, deadline } = ports;
  for (let backoff = BACKOFF_MS; ; backoff = Math.min(backoff * 2, MAX_BACKOFF_MS)) {
    let refused: unknown;
    for (const stage of STAGES) {
      const value = await store.read(adminSecretId, { stage });
      if (value === undefined) continue;
      const label = `${adminSecretId} ${stage}`;
      const admin = adminCredential(value, label, server);
      checkServer(ports.settings.servers, admin, label);
      const proof = proofNeeded(admin, server, label, witness);
      try {
        const session = await database.open(admin, 'administer');
        if (proof) await proveSameServer(ports, session, admin, proof);
        return session;
      } catch (error) {
        if (!isRefusedLogin(error)) throw error;
        refused = error;
      }
    }
    if (refused === undefined) {
      throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${adminSecretId} has no AWSCURRENT value`);
    }
    if (!(await deadline.wait(backoff))) {
      throw new RotatingPostgresError(
        ErrorCode.AUTHENTICATION,
        `${adminSecretId}: neither AWSCURRENT nor AWSPENDING logs in as the admin of ${server.host}:${server.port}`,
        { cause: refused },
      );
    }
  }
}

/**
 * An RDS-managed secret holds no more than a user name and a password, so that the rest comes from the application's.
 */
function adminCredential(value: string, label: string, { engine, host, port, dbname }: Server): Credential {
  return parseSecretValue(value, label, { engine, host, port, dbname });
}

/** Who can show that the admin's host and the application's are one database, where their names do not. */
function proofNeeded(
  admin: Credential,
  server: Server,
  label: string,
  witness: Credential | undefined,
): Credential | undefined {
  if (sameAddress(admin, server) || sameCluster(admin, server)) return undefined;
  if (witness) return witness;
  throw new RotatingPostgresError(
    ErrorCode.INVALID_SECRET,
    `${label}: host and port are not those of the application's secret, ${server.host}:${server.port}, ` +
      "nor those of its cluster's writer",
  );
}

/**
 * A replica has its writer's system identifier. What is restored from a backup has it as well, but is no replica, and
 * did not start when the admin's server did.
 */
async function proveSameServer<Session extends AdminSession>(
  { database }: AdminPorts<Session>,
  session: Session,
  admin: Credential,
  witness: Credential,
): Promise<void> {
  try {
    const [writer, other] = [await session.server(), await serverOf(database, witness)];
    const same =
      writer.systemIdentifier === other.systemIdentifier && (other.inRecovery || other.startedAt === writer.startedAt);
    if (same) return;
  } catch (cause) {
    await session.close();
    // Not as a refused login, which would be taken for the admin's.
    const why = cause instanceof Error ? cause.message : '';
    throw new RotatingPostgresError(
      ErrorCode.INVALID_SECRET,
      `${differs(admin, witness)}, and they cannot be shown to be one database: ${why}`,
      { cause },
    );
  }
  await session.close();
  throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${differs(admin, witness)}, which is another database`);
}

async function serverOf<Session extends AdminSession>(
  database: AdminPorts<Session>['database'],
  witness: Credential,
): Promise<ServerIdentity> {
  const session = await database.open(witness, 'consume');
  try {
    return await session.server();
  } finally {
    await session.close();
  }
}

function differs(admin: Credential, { host, port }: Credential): string {
  return `the admin secret names ${admin.host}:${admin.port} and the application's ${host}:${port}`;
}
