import { armLogin } from './alternating';
import type { Connection } from './connection';
import { identifier, literal } from './sql';
import type { Identity, Pair, Session } from '../ports/database';
import { scramVerifier } from '../scram';

interface Self {
  readonly admin: boolean;
  readonly iterations: string | null;
}

/** A session on a real server. Every name that it sends is qualified. */
export class PostgresSession implements Session {
  private known?: Self;

  constructor(private readonly connection: Connection) {}

  async identity(): Promise<Identity> {
    const [identity] = await this.connection.query<Identity>(`
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
    const verifier = await scramVerifier(password, (await this.self()).iterations);
    await this.connection.run([`ALTER ROLE ${identifier(username)} PASSWORD ${literal(verifier)}`]);
  }

  async armLogin(pair: Pair, secretArn: string, username: string, password: string): Promise<void> {
    await armLogin(this.connection, pair, secretArn, username, password);
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private async self(): Promise<Self> {
    [this.known] = this.known ? [this.known] : await this.connection.query<Self>(`
      SELECT r.rolsuper OR r.rolcreaterole AS admin, pg_catalog.current_setting('scram_iterations', true) AS iterations
      FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) SESSION_USER`);
    return this.known;
  }
}
