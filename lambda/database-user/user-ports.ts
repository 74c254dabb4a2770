import type { DatabaseUserProperties } from '../../src/contract';
import { logInAsAdmin } from '../admin/admin-login';
import type { UserDatabase } from '../ports/database';
import type { Deadline } from '../ports/deadline';
import type { SecretStore } from '../ports/secret-store';
import type { UserAdmin } from '../ports/sessions';
import type { Settings } from '../runtime/settings';

/** What the custom resource works with. */
export interface Ports {
  readonly store: SecretStore;
  readonly database: UserDatabase;
  readonly deadline: Deadline;
  readonly settings: Settings;
}

/** A session of the admin on the server that the properties name. */
export async function openAdmin(
  { engine, host, port, database: dbname, adminSecretArn }: DatabaseUserProperties,
  ports: Ports,
): Promise<UserAdmin> {
  return logInAsAdmin(ports, { engine, host, port: Number(port), dbname }, adminSecretArn);
}
