import { connect } from './connection';
import { PostgresSession } from './session';
import type { Credential } from '../../client/src/secret-value';
import type { Database, Purpose } from '../ports/database';

/** PostgreSQL, over verified TLS. */
export class PostgresDatabase implements Database {
  async open(credential: Credential, purpose: Purpose): Promise<PostgresSession> {
    const session = new PostgresSession(await connect(credential, purpose));
    if (purpose !== 'change-own-password' || !await isAdmin(session)) return session;
    await session.close();
    return this.open(credential, 'administer');
  }
}

async function isAdmin(session: PostgresSession): Promise<boolean> {
  try {
    return await session.isAdmin();
  } catch (error) {
    await session.close();
    throw error;
  }
}
