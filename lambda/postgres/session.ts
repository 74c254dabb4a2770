import { handOver, shareMemberships } from './adopt-alternate';
import { armLogin, tie } from './alternating';
import type { Connection } from './connection';
import { retireLogin } from './retirement';
import { revokeLogins } from './revocation';
import { parseComment } from './role-mark';
import { checkRole, MORE_THAN_AN_APPLICATION } from './roles';
import { endSessions } from './sessions';
import { armSingleLogin } from './single-login';
import { identifier, literal } from './sql';
import type { Holdings, Identity, OwningSecret, Pair, Remedy, ResetSetting, RevokedLogins, SecretVersion, ServerIdentity, Session } from '../ports/database';
import { scramVerifier } from '../scram';

interface Self {
  /** Whether the login may change other roles. */
  readonly admin: boolean;
  readonly forbidden: string | null;
  readonly comment: string | null;
}

/** A session on a real server. Every name that it sends is qualified. */
export class PostgresSession implements Session {
  /** @param elsewhere opens another session of the same login, where no application makes the rules */
  constructor(private connection: Connection, private readonly elsewhere: () => Promise<Connection>) {}

  async identity(): Promise<Identity> {
    const [identity] = await this.connection.query<Identity>(`
      SELECT SESSION_USER AS "sessionUser", CURRENT_USER AS "currentUser", COALESCE((
        SELECT pg_catalog.substr(setting, 6)
        FROM pg_catalog.pg_roles AS r, pg_catalog.unnest(r.rolconfig) AS setting
        WHERE r.rolname OPERATOR(pg_catalog.=) SESSION_USER AND setting OPERATOR(pg_catalog.~~) 'role=%'
      ), SESSION_USER::pg_catalog.text) AS "startsAs"`);
    return identity;
  }

  async server(): Promise<ServerIdentity> {
    return this.connection.server();
  }

  async changeOwnPassword(username: string, password: string, { arn, application }: OwningSecret): Promise<void> {
    const [{ admin, forbidden, comment }, verifier] = await Promise.all([
      this.self(), scramVerifier(password, this.connection.scramIterations),
    ]);
    checkRole({ name: username, forbidden: application ? forbidden : null, mark: parseComment(comment).mark }, arn);
    if (admin) { // who may change other roles should not work where an application makes the rules
      await this.connection.close();
      this.connection = await this.elsewhere();
    }
    await this.connection.run([`ALTER ROLE ${identifier(username)} PASSWORD ${literal(verifier)}`]);
  }

  async armLogin(pair: Pair, secret: SecretVersion, username: string, password: string): Promise<{ adopt: boolean }> {
    return armLogin(this.connection, pair, secret, username, password);
  }

  async tie(pair: Pair): Promise<void> {
    await tie(this.connection, pair);
  }

  async shareMemberships(pair: Pair, secretDatabase: string): Promise<Holdings> {
    return shareMemberships(this.connection, pair, secretDatabase);
  }

  async handOver(pair: Pair, ending: 'COMMIT' | 'ROLLBACK'): Promise<Remedy[]> {
    return handOver(this.connection, pair, ending);
  }

  async armSingleLogin(secret: SecretVersion, username: string, password: string): Promise<void> {
    await armSingleLogin(this.connection, secret, username, password);
  }

  async endSessions(username: string): Promise<number> {
    return endSessions(this.connection, username);
  }

  async retireLogin(secret: Pick<SecretVersion, 'arn' | 'version'>, username: string, seconds: number): Promise<boolean> {
    return retireLogin(this.connection, secret, username, seconds);
  }

  async revokeLogins(pair: Pair, secretArn: string, announce: (settings: readonly ResetSetting[]) => void): Promise<RevokedLogins> {
    return revokeLogins(this.connection, pair, secretArn, announce);
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private async self(): Promise<Self> {
    const [self] = await this.connection.query<Self>(`
      SELECT r.rolsuper OR r.rolcreaterole AS admin, CASE ${MORE_THAN_AN_APPLICATION} END AS forbidden,
        pg_catalog.shobj_description(r.oid, 'pg_authid') AS comment
      FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) SESSION_USER`);
    return self;
  }
}
