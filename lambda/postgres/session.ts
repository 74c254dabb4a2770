import type { Connection } from './connection';
import { parseComment } from './role-mark';
import { checkRole, MORE_THAN_AN_APPLICATION, COMMENT_ON_ROLE } from './roles';
import { identifier, literal } from './sql';
import { handOver, shareMemberships } from './sql/adopt-clone';
import { endSessions } from './sql/end-sessions';
import { retireLogin } from './sql/retire-login';
import { revokeLogins } from './sql/revoke-logins';
import { armLogin, tie } from './sql/set-alternating-password';
import { armSingleLogin } from './sql/set-single-password';
import { scramVerifier } from '../credential/scram';
import type {
  Holdings,
  Identity,
  OwningSecret,
  Pair,
  Remedy,
  ResetSetting,
  RevokedLogins,
  SecretVersion,
  ServerIdentity,
  Session,
} from '../ports/database';

interface Self {
  /** Whether the login may change other roles. */
  readonly admin: boolean;
  readonly forbidden: string | null;
  readonly comment: string | null;
}

/** Before the role that a login's sessions start as, among its settings. */
const ROLE = 'role=';

/** A session on a real server. Every name that it sends is qualified. */
export class PostgresSession implements Session {
  /** @param elsewhere opens another session of the same login, where no application makes the rules */
  constructor(
    private connection: Connection,
    private readonly elsewhere: () => Promise<Connection>,
  ) {}

  async identity(): Promise<Identity> {
    // Not by pg_roles: a session that has just begun takes a millisecond to make out that view.
    const [{ settings, ...identity }] = await this.connection.query<
      Omit<Identity, 'startsAs'> & { settings: string[] | null }
    >(`
      SELECT SESSION_USER AS "sessionUser", CURRENT_USER AS "currentUser", (
        SELECT s.setconfig FROM pg_catalog.pg_db_role_setting AS s
        WHERE s.setdatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid
          AND s.setrole OPERATOR(pg_catalog.=) pg_catalog.to_regrole(pg_catalog.quote_ident(SESSION_USER::pg_catalog.text))::pg_catalog.oid
      ) AS settings`);
    const role = settings?.find(setting => setting.startsWith(ROLE));
    return { ...identity, startsAs: role?.slice(ROLE.length) ?? identity.sessionUser };
  }

  async server(): Promise<ServerIdentity> {
    return this.connection.server();
  }

  async changeOwnPassword(username: string, password: string, { arn, application }: OwningSecret): Promise<void> {
    const [{ admin, forbidden, comment }, verifier] = await Promise.all([
      this.self(application),
      scramVerifier(password, this.connection.scramIterations),
    ]);
    checkRole({ name: username, forbidden, mark: parseComment(comment).mark }, arn);
    if (admin) {
      // who may change other roles should not work where an application makes the rules
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

  async retireLogin(
    secret: Pick<SecretVersion, 'arn' | 'version'>,
    username: string,
    seconds: number,
  ): Promise<boolean> {
    return retireLogin(this.connection, secret, username, seconds);
  }

  async revokeLogins(
    pair: Pair,
    secretArn: string,
    announce: (settings: readonly ResetSetting[]) => void,
  ): Promise<RevokedLogins> {
    return revokeLogins(this.connection, pair, secretArn, announce);
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private async self(application: boolean): Promise<Self> {
    const [self] = await this.connection.query<Self>(`
      SELECT r.rolsuper OR r.rolcreaterole AS admin, ${application ? `CASE ${MORE_THAN_AN_APPLICATION} END` : 'NULL'} AS forbidden,
        ${COMMENT_ON_ROLE} AS comment
      FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) SESSION_USER`);
    return self;
  }
}
