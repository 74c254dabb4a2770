import { sameAddress, sameCluster } from './same-server';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type Credential, parseSecretValue } from '../../client/src/shared/secret-value';
import { ErrorCode, StagingLabel } from '../../src/contract';
import { checkServer } from '../credential/binding';
import type { Database } from '../ports/database';
import type { Deadline } from '../ports/deadline';
import { isRefusedLogin } from '../ports/error-predicates';
import type { SecretStore } from '../ports/secret-store';
import type { LoginAdmin, ServerIdentity, UserAdmin } from '../ports/sessions';
import type { Settings } from '../runtime/settings';

const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 4_000;
const LABELS = [StagingLabel.CURRENT, StagingLabel.PENDING];

/** The part of an admin session that this module uses. */
type AdminSession = Pick<LoginAdmin & UserAdmin, 'server' | 'close'>;

/** The ports that an admin login needs. */
export interface AdminPorts<Admin extends AdminSession> {
  readonly store: SecretStore;
  readonly database: Pick<Database<Admin>, 'openAsAdmin' | 'openAsConsumer'>;
  readonly deadline: Deadline;
  readonly settings: Pick<Settings, 'servers'>;
}

/** The address and the database at which the application logs in. */
export type Server = Pick<Credential, 'engine' | 'host' | 'port' | 'dbname'>;

/**
 * Logs in as the admin. The admin secret may itself be rotating: its AWSCURRENT password may no longer be valid, and
 * its AWSPENDING password may be valid already or soon. Both versions are tried and re-read with backoff until the
 * deadline.
 *
 * @param witness a credential that logs in at `server`. It proves that an admin secret with another host names the
 *   writer of the same database. Without a witness, only the names of an Aurora cluster's endpoints can prove it.
 * @throws with code `Authentication` when neither version logs in before the deadline, with code `Binding` when the
 *   function may not use the admin's server, with code `InvalidSecret` when the admin's server is another database
 */
export async function logInAsAdmin<Admin extends AdminSession>(
  ports: AdminPorts<Admin>,
  server: Server,
  adminSecretId: string,
  witness?: Credential,
): Promise<Admin> {
  const { store, database, deadline } = ports;
  for (let backoff = BACKOFF_MS; ; backoff = Math.min(backoff * 2, MAX_BACKOFF_MS)) {
    let refused: unknown;
    for (const stage of LABELS) {
      const value = await store.read(adminSecretId, { stage });
      if (value === undefined) continue;
      const label = `${adminSecretId} ${stage}`;
      const admin = adminCredential(value, label, server);
      checkServer(ports.settings.servers, admin, label);
      const proof = proofNeeded(admin, server, label, witness);
      try {
        const session = await database.openAsAdmin(admin);
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
 * A secret that RDS manages has only a user name and a password. The other fields come from the application's secret.
 */
function adminCredential(value: string, label: string, { engine, host, port, dbname }: Server): Credential {
  return parseSecretValue(value, label, { engine, host, port, dbname });
}

/**
 * The credential that must prove that the admin's host serves the application's database; undefined where their host
 * names prove it.
 */
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
 * Compares system identifiers: a read replica has the system identifier of its writer. A server restored from a backup
 * has it as well, but is not in recovery and has another start time.
 */
async function proveSameServer<Admin extends AdminSession>(
  { database }: AdminPorts<Admin>,
  session: Admin,
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
    // Not code `Authentication`: the caller would treat it as a refused login of the admin.
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

async function serverOf(
  database: Pick<Database<unknown>, 'openAsConsumer'>,
  witness: Credential,
): Promise<ServerIdentity> {
  const session = await database.openAsConsumer(witness);
  try {
    return await session.server();
  } finally {
    await session.close();
  }
}

function differs(admin: Credential, { host, port }: Credential): string {
  return `the admin secret names ${admin.host}:${admin.port} and the application's ${host}:${port}`;
}
