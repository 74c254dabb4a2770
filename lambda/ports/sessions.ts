import type {
  Access,
  Holdings,
  IamLogin,
  LoginPair,
  MissingGrant,
  OwningSecret,
  Pair,
  ResetSetting,
  RevokedLogins,
  SecretVersion,
} from './logins';
import type { Credential } from '../../client/src/shared/secret-value';
import type { DatabaseUserPrivileges } from '../../src/contract';

/** Who a session is. */
export interface Identity {
  /** Who logged in. */
  readonly sessionUser: string;
  /** Whose privileges the session has, and who owns what it creates. */
  readonly currentUser: string;
  /** The role that the login's own settings start its sessions as; the login itself where they name none. */
  readonly startsAs: string;
}

/** Which server a session is on. */
export interface ServerIdentity {
  /** Made by initdb. Replicas have it too, and so has whatever is restored from a backup. */
  readonly systemIdentifier: string;
  readonly startedAt: string;
  /** Whether it is a read replica. */
  readonly inRecovery: boolean;
}

/** What every session has; none has settings that a default of its database or role can change. */
interface Session {
  close(): Promise<void>;
}

/** The consumer, as it logs in itself: in the secret's database, with the login's own settings for `role`. */
export interface ConsumerSession extends Session {
  identity(): Promise<Identity>;
  server(): Promise<ServerIdentity>;
}

/**
 * The login itself, whatever role its sessions start as: in the credential's database, so that a database that it
 * cannot use is found out before anything is changed.
 */
export interface LoginSession extends Session {
  /**
   * Changes the login's own password. An admin does that in the maintenance database.
   *
   * @throws with code `Role` when the login is another secret's, or an application's secret must not have it
   */
  changeOwnPassword(username: string, password: string, secret: OwningSecret): Promise<void>;
  /**
   * As the alternate, in one transaction: gives the owner what the alternate owns and may do in the session's database;
   * what is lacking then, which others have to do. Only where nothing is lacking is the transaction committed, if it is
   * to be.
   */
  transferOwnership(pair: Pair, ending: 'COMMIT' | 'ROLLBACK'): Promise<MissingGrant[]>;
}

/** The admin in the maintenance database, for the logins of a secret. */
export interface LoginAdmin extends Session {
  server(): Promise<ServerIdentity>;
  /**
   * Makes one login of the pair ready to log in with the password, and sets right what else ties the two together. An
   * alternate that has objects, grants or memberships of its own, which it would lose sight of as the owner, is left to
   * start as itself: `adopt` says so.
   *
   * @throws with code `Role` when the pair is not this secret's
   */
  setAlternatingPassword(
    pair: Pair,
    secret: SecretVersion,
    username: string,
    password: string,
  ): Promise<{ adopt: boolean }>;
  /** Makes the alternate a member of the owner, as whom its sessions then start; the passwords stay. */
  grantOwnerMembership(pair: Pair): Promise<void>;
  /**
   * Makes a login ready that nobody alternates with.
   *
   * @throws with code `Role` when the login is not this secret's
   */
  setPassword(secret: SecretVersion, username: string, password: string): Promise<void>;
  /**
   * Gives the owner the memberships and attributes that only the alternate has, as far as the admin may, and says where
   * else the alternate has something.
   *
   * @param secretDatabase looked at in any case, for what belongs to the server and to no database
   */
  shareMemberships(pair: Pair, secretDatabase: string): Promise<Holdings>;
  /** Ends the sessions that a login has; how many there were. */
  endSessions(username: string): Promise<number>;
  /**
   * Lets a login work for so many seconds more, unless it has another password than that of the version, or a
   * `VALID UNTIL` of its own; whether it was done, now or before.
   */
  retireLogin(secret: Pick<SecretVersion, 'arn' | 'version'>, username: string, seconds: number): Promise<boolean>;
  /**
   * Takes LOGIN, password and settings from the logins of the pair that are there.
   *
   * @param announce told of the settings before anything is changed
   * @throws with code `Role` when one is not this secret's
   */
  revokeLogins(
    pair: Pair,
    secretArn: string,
    announce: (settings: readonly ResetSetting[]) => void,
  ): Promise<RevokedLogins>;
}

/** The admin in the maintenance database, for database users and their databases. */
export interface UserAdmin extends Session {
  server(): Promise<ServerIdentity>;
  readLogins(pair: Pair): Promise<LoginPair>;
  readIamLogin(username: string): Promise<IamLogin | undefined>;
  /**
   * Makes the database if it is not there.
   *
   * @throws with code `DatabaseMissing` where the user is to read what others have in it
   */
  createDatabase(name: string, privileges: DatabaseUserPrivileges): Promise<void>;
  /**
   * Creates the login, or takes over one that this secret's credential logs in to; its password is set only where the
   * credential does not log in.
   *
   * @throws with code `Role` when the login is not this secret's
   */
  createLogin(secret: SecretVersion, pair: Pair, credential: Credential, logsIn: () => Promise<boolean>): Promise<void>;
  /**
   * Creates a login without a password, which RDS lets in by IAM.
   *
   * @param maker the resource that it belongs to
   */
  createIamLogin(username: string, maker: string): Promise<void>;
  /** Gives and takes what a user may do with a database as a whole; whether the database is there. */
  grantDatabase(
    user: string,
    name: string,
    declared?: DatabaseUserPrivileges,
    before?: DatabaseUserPrivileges,
  ): Promise<boolean>;
  /** Drops the logins of a user from the whole server; what they own goes to a role that nobody logs in as. */
  dropUser(username: string, logins: readonly string[]): Promise<void>;
  /** Another session, in a database that an application makes the rules of. */
  enterDatabase(name: string): Promise<DatabaseAdmin>;
}

/** The admin in an application's database: reads the catalogue and gives and takes privileges, nothing else. */
export interface DatabaseAdmin extends Session {
  /** Gives the user the access that it is declared to have, and takes what it was declared to have before. */
  grantAccess(user: string, declared?: Access, before?: Access): Promise<void>;
}
