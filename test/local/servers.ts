import { randomBytes } from 'node:crypto';
import { createAdmin, Login, PostgresServer } from './postgres';

/** Environment variable by which jest's global set-up tells every test file of the one server. */
export const SERVER_VARIABLE = 'LOCAL_POSTGRES';

/** The server that jest started for this run. */
export function postgresServer(): PostgresServer {
  const coordinates = process.env[SERVER_VARIABLE];
  if (!coordinates) throw new Error(`${SERVER_VARIABLE} is not set: jest's global set-up starts the server`);
  return JSON.parse(coordinates) as PostgresServer;
}

/** A corner of the server that no other test file uses. */
export interface Tenancy extends PostgresServer {
  /** An admin of its own, so that a test may rotate it: the owner of `database`, and no admin of others' roles. */
  readonly admin: Login;
  readonly database: string;
  /** A role name that no other test uses. Roles belong to the whole server. */
  name(role: string): string;
}

/**
 * Makes a database, and an admin who owns it. They go with the server: jest's, or one that the test started for itself.
 */
export async function newTenancy(server = postgresServer()): Promise<Tenancy> {
  const id = randomBytes(4).toString('hex');
  const database = `db_${id}`;
  return {
    ...server,
    database,
    admin: await createAdmin(server, `admin_${id}`, database),
    name: role => `${role}_${id}`,
  };
}
