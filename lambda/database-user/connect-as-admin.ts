import type { DatabaseUserProperties } from '../../src/contract';
import { type AdminPorts, logInAsAdmin } from '../admin/admin-login';
import type { ServerIdentity } from '../ports/database';
import type { SecretStore } from '../ports/secret-store';
import { connect, type Connection, type Limits } from '../postgres/connection';
import { enterDatabase } from '../postgres/sql/enter-database';
import { readServer } from '../postgres/sql/read-server';
import type { Settings } from '../runtime/settings';

/** What the custom resource works with. */
export interface Ports extends Limits {
  readonly store: SecretStore;
  readonly settings: Settings;
}

type Admin = Connection & { server(): Promise<ServerIdentity> };

/** A session of the admin on the server that the properties name. */
export async function adminOf(
  { engine, host, port, database: dbname, adminSecretArn }: DatabaseUserProperties,
  ports: Ports,
): Promise<Connection> {
  const database: AdminPorts<Admin>['database'] = {
    open: async (credential, purpose) => {
      const connection = await connect(credential, purpose, ports);
      return Object.assign(connection, { server: () => readServer(connection) });
    },
  };
  return logInAsAdmin({ ...ports, database }, { engine, host, port: Number(port), dbname }, adminSecretArn);
}

/** A session of the admin in a database that an application makes the rules of. */
export async function enter(admin: Connection, database: string, limits: Limits): Promise<Connection> {
  return enterDatabase(admin, database, () => connect({ ...admin.login, dbname: database }, 'grant', limits));
}
