import type { DatabaseUserProperties } from '../../src/contract';
import { type AdminPorts, logInAsAdmin } from '../admin/admin-login';
import type { SecretStore } from '../ports/secret-store';
import { connect, type Connection, type Limits } from '../postgres/connection';
import type { Settings } from '../runtime/settings';

/** What the custom resource works with. */
export interface Ports extends Limits {
  readonly store: SecretStore;
  readonly settings: Settings;
}

/** A session of the admin on the server that the properties name. */
export async function adminOf(
  { engine, host, port, database: dbname, adminSecretArn }: DatabaseUserProperties,
  ports: Ports,
): Promise<Connection> {
  const database: AdminPorts<Connection>['database'] = {
    open: (credential, purpose) => connect(credential, purpose, ports),
  };
  return logInAsAdmin({ ...ports, database }, { engine, host, port: Number(port), dbname }, adminSecretArn);
}
