import type { Client, QueryResultRow } from 'pg';
import { armLogin } from './alternating';
import { databaseError } from './errors';
import { identifier, literal } from './sql';
import type { Credential } from '../../client/src/secret-value';
import type { Identity, Pair, Session } from '../ports/database';
import { scramVerifier } from '../scram';

/** What a server without the setting (PostgreSQL 15 and older) uses. */
const DEFAULT_ITERATIONS = 4_096;

interface Self {
  readonly admin: boolean;
  readonly iterations: string | null;
}

/** A session on a real server. Every name that it sends is qualified; errors carry a code and no SQL. */
export class PostgresSession implements Session {
  private known?: Self;

  constructor(private readonly client: Client, readonly login: Credential) {}

  async identity(): Promise<Identity> {
    const [identity] = await this.query<Identity>(`
      SELECT SESSION_USER AS "sessionUser", CURRENT_USER AS "currentUser", COALESCE((
        SELECT pg_catalog.substr(setting, 6)
        FROM pg_catalog.pg_roles AS r, pg_catalog.unnest(r.rolconfig) AS setting
        WHERE r.rolname OPERATOR(pg_catalog.=) SESSION_USER AND setting OPERATOR(pg_catalog.~~) 'role=%'
      ), SESSION_USER::pg_catalog.text) AS "startsAs"`);
    return identity;
  }

  /** Whether the login may change other roles, so that it should not work where an application makes the rules. */
  async isAdmin(): Promise<boolean> {
    return (await this.self()).admin;
  }

  async changeOwnPassword(username: string, password: string): Promise<void> {
    const verifier = await scramVerifier(password, iterationsOf(await this.self()));
    await this.run([`ALTER ROLE ${identifier(username)} PASSWORD ${literal(verifier)}`]);
  }

  private async self(): Promise<Self> {
    [this.known] = this.known ? [this.known] : await this.query<Self>(`
      SELECT r.rolsuper OR r.rolcreaterole AS admin, pg_catalog.current_setting('scram_iterations', true) AS iterations
      FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) SESSION_USER`);
    return this.known;
  }

  async armLogin(pair: Pair, username: string, password: string): Promise<void> {
    await armLogin(this, pair, username, password);
  }

  async close(): Promise<void> {
    await this.client.end();
  }

  async query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    try {
      return (await this.client.query<Row>(text, values)).rows;
    } catch (cause) {
      throw databaseError(cause, this.login, this.client.database ?? '');
    }
  }

  /** All of the statements or none: PostgreSQL runs what arrives in one message as one transaction. */
  async run(statements: readonly string[]): Promise<void> {
    if (statements.length > 0) await this.query(statements.join(';\n'));
  }
}

/** The server's own number of SCRAM iterations. */
export function iterationsOf(server: { readonly iterations: string | null }): number {
  return Number(server.iterations ?? DEFAULT_ITERATIONS);
}
