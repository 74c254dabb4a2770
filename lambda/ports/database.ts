import type { Credential } from '../../client/src/shared/secret-value';

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

/** The two logins of alternating users. */
export interface Pair {
  /** The first login, to which belongs whatever either creates. */
  readonly owner: string;
  /** The second login, a member of the first. */
  readonly alternate: string;
}

/** The version of a secret whose password a login gets. */
export interface SecretVersion {
  readonly arn: string;
  readonly version: string;
  /** The version whose password the login should have had so far, as far as the staging labels say. */
  readonly replaces?: string;
  /**
   * Asked before a login is armed that has neither this version's password nor that of the one it replaces, or that was
   * revoked.
   *
   * @throws when the version is not pending any more: a late delivery must not undo what came after it
   */
  confirm?(): Promise<void>;
}

/** A setting that a login had. */
export interface ResetSetting {
  readonly login: string;
  /** The database that it held in; null for all. */
  readonly database: string | null;
  /** As the catalogue has it: `name=value`. */
  readonly setting: string;
}

/** What a revocation took away. */
export interface RevokedLogins {
  readonly logins: readonly string[];
  readonly settings: readonly ResetSetting[];
}

/** The secret of a login that changes its own password. */
export interface OwningSecret {
  readonly arn: string;
  /** Whether it is an application's, and not that of an administrator. */
  readonly application: boolean;
}

/** Something that the owner of a pair lacks, and its alternate has; by a statement that gives it. */
export interface MissingGrant<Statement = string> {
  readonly sql: Statement;
  /** Whether the session that found it may run it. */
  readonly canRun: boolean;
  /** A role that may; an admin of the roles in it where there is none. */
  readonly runAs?: string;
  readonly reason?: string;
  /** Whether it is about what belongs to the server and to no database. */
  readonly shared?: boolean;
}

/** What an alternate that another rotation function made has besides its owner. */
export interface Holdings {
  /** The server that takes changes. */
  readonly server: Pick<Credential, 'host' | 'port'>;
  /** The databases in which it has something, as far as it can connect to them. */
  readonly databases: readonly string[];
  /** What the admin could not do. */
  readonly missingGrants: readonly MissingGrant[];
}

/** What a user may do with the tables and sequences of another one: those that are there, and those to come. */
export interface Access {
  readonly privileges: 'readOnly' | 'readWrite';
  /** Whose they are; of alternating users the first. */
  readonly owner: string;
  /** Names of schemas; undefined for each in which the owner has something, now or later. */
  readonly schemas?: readonly string[];
}

/** What the catalogue says of a login without a password. */
export interface IamLogin {
  /** Why it may not be one; null where it may. */
  readonly forbidden: string | null;
  /** Which resource made it, as its comment says. */
  readonly maker?: string;
  readonly comment: string | null;
  readonly logsIn: boolean;
  /** Whether RDS lets it in by IAM. */
  readonly member: boolean;
}

/** A session whose settings no database or role default can change. */
export interface Session {
  identity(): Promise<Identity>;
  server(): Promise<ServerIdentity>;
  /**
   * Changes the password of the session's own login.
   *
   * @throws with code `Role` when the login is another secret's, or an application's secret must not have it
   */
  changeOwnPassword(username: string, password: string, secret: OwningSecret): Promise<void>;
  /**
   * As the admin: makes one login of the pair ready to log in with the password, and sets right what else ties the two
   * together. An alternate that has objects, grants or memberships of its own, which it would lose sight of as the
   * owner, is left to start as itself: `adopt` says so.
   *
   * @throws with code `Role` when the pair is not this secret's
   */
  setAlternatingPassword(
    pair: Pair,
    secret: SecretVersion,
    username: string,
    password: string,
  ): Promise<{ adopt: boolean }>;
  /** As the admin: ties the alternate to the owner, as whom its sessions then start, and leaves the passwords alone. */
  grantOwnerMembership(pair: Pair): Promise<void>;
  /**
   * As the admin: makes a login ready that nobody alternates with.
   *
   * @throws with code `Role` when the login is not this secret's
   */
  setPassword(secret: SecretVersion, username: string, password: string): Promise<void>;
  /**
   * As the admin: gives the owner the memberships and attributes that only the alternate has, as far as the admin may,
   * and says where else the alternate has something.
   *
   * @param secretDatabase looked at in any case, for what belongs to the server and to no database
   */
  shareMemberships(pair: Pair, secretDatabase: string): Promise<Holdings>;
  /**
   * As the alternate, in one transaction: gives the owner what the alternate owns and may do in the session's database;
   * what is lacking then, which others have to do. Only where nothing is lacking is the transaction committed, if it is
   * to be.
   */
  transferOwnership(pair: Pair, ending: 'COMMIT' | 'ROLLBACK'): Promise<MissingGrant[]>;
  /** As the admin: ends the sessions that a login has; how many there were. */
  endSessions(username: string): Promise<number>;
  /**
   * As the admin: lets a login work for so many seconds more, unless it has another password than that of the version,
   * or a `VALID UNTIL` of its own; whether it was done, now or before.
   */
  retireLogin(secret: Pick<SecretVersion, 'arn' | 'version'>, username: string, seconds: number): Promise<boolean>;
  /**
   * As the admin: takes LOGIN, password and settings from the logins of the pair that are there.
   *
   * @param announce told of the settings before anything is changed
   * @throws with code `Role` when one is not this secret's
   */
  revokeLogins(
    pair: Pair,
    secretArn: string,
    announce: (settings: readonly ResetSetting[]) => void,
  ): Promise<RevokedLogins>;
  close(): Promise<void>;
}

/** Why a session is opened. */
export type Purpose =
  /** To change roles: in the maintenance database, as the login itself whatever role its sessions start as. */
  | 'administer'
  /**
   * To change its password: as the login itself, in the secret's database, so that a database that it cannot use is
   * found out before anything is changed. An admin does it in the maintenance database.
   */
  | 'change-own-password'
  /** To hand what the login has over to another one: as the login itself, in a database that the credential names. */
  | 'hand-over'
  /** To give and take privileges, as the admin: in a database that the credential names. */
  | 'grant'
  /** To log in as the consumer will: in the secret's database, with the login's own settings for `role`. */
  | 'consume';

/** The database server: PostgreSQL, or a double in tests of the steps. */
export interface Database {
  /** @throws with code `Authentication` when the server refuses the login */
  open(credential: Credential, purpose: Purpose): Promise<Session>;
}
