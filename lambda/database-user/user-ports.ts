import type { DatabaseUserProperties } from '../../src/contract';
import { logInAsAdmin } from '../admin/admin-login';
import type { UserDatabase } from '../ports/database';
import type { Deadline } from '../ports/deadline';
import type { SecretStore } from '../ports/secret-store';
import type { UserAdmin } from '../ports/sessions';
import type { Settings } from '../runtime/settings';

/** The ports and settings of the custom resource. */
export interface Ports {
  readonly store: SecretStore;
  readonly database: UserDatabase;
  readonly deadline: Deadline;
  readonly settings: Settings;
}

/** Opens an admin session on the server that the properties name. */
export async function openAdmin(
  { engine, host, port, database: dbname, adminSecretArn }: DatabaseUserProperties,
  ports: Ports,
): Promise<UserAdmin> {
  return logInAsAdmin(ports, { engine, host, port: Number(port), dbname }, adminSecretArn);
}
