import { connect } from './connect';
import { PostgresSession } from './session';
import type { Credential } from '../../client/src/secret-value';
import type { Database, Purpose } from '../ports/database';

/** PostgreSQL, over verified TLS. */
export class PostgresDatabase implements Database {
  async open(credential: Credential, purpose: Purpose): Promise<PostgresSession> {
    return new PostgresSession(await connect(credential, purpose), credential);
  }
}
