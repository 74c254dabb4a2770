import { connect, type Limits } from './connection';
import { postgresSession } from './session';
import type { Credential } from '../../client/src/shared/secret-value';
import type { Database, Purpose, Session } from '../ports/database';

/** PostgreSQL, for one invocation. */
export class PostgresDatabase implements Database {
  constructor(private readonly limits: Limits) {}

  async open(credential: Credential, purpose: Purpose): Promise<Session> {
    return postgresSession(await connect(credential, purpose, this.limits), () =>
      connect(credential, 'administer', this.limits),
    );
  }
}
