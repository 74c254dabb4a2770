import type { Credential } from '../../client/src/shared/secret-value';

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

/** A login, as far as it matters to whom it belongs. */
export interface FoundLogin {
  readonly name: string;
  /** Why it is not an application's; null where it is. */
  readonly forbidden: string | null;
  readonly memberOfOwner: boolean;
  /** What this library said of it in its comment. */
  readonly mark?: { readonly secretArn: string };
}

/** The logins of a pair, as far as they exist. */
export interface LoginPair {
  readonly owner?: FoundLogin;
  readonly alternate?: FoundLogin;
}
