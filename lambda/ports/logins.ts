import type { Credential } from '../../client/src/shared/secret-value';

/** The two logins of alternating users. */
export interface Pair {
  /** The first login. It owns every object that either login creates. */
  readonly owner: string;
  /** The second login, `<owner>_clone`, a member of the first. */
  readonly alternate: string;
}

/** The secret version whose password a login receives. */
export interface SecretVersion {
  readonly arn: string;
  readonly version: string;
  /** The version whose password the login should have until now, according to the staging labels. */
  readonly replaces?: string;
  /**
   * Called before the password of a login is changed, if the login has the password of neither this version nor the
   * replaced one, or was revoked.
   *
   * @throws when this version is no longer pending: a late delivery must not undo a later change
   */
  confirm?(): Promise<void>;
}

/** A role setting that a revocation reset. */
export interface ResetSetting {
  readonly login: string;
  /** The database that the setting applied to; null for all databases. */
  readonly database: string | null;
  /** As stored in `pg_db_role_setting`: `name=value`. */
  readonly setting: string;
}

/** What a revocation disabled and reset. */
export interface RevokedLogins {
  readonly logins: readonly string[];
  readonly settings: readonly ResetSetting[];
}

/** The secret of a login that changes its own password. */
export interface OwningSecret {
  readonly arn: string;
  /** Whether it is an application's secret; false for an admin secret. */
  readonly application: boolean;
}

/**
 * A privilege, membership or attribute that the alternate has and the owner lacks, as the statement that gives it to
 * the owner.
 */
export interface MissingGrant<Statement = string> {
  readonly sql: Statement;
  /** Whether the session that found it is allowed to run the statement. */
  readonly canRun: boolean;
  /** A role that may run the statement. If undefined, any role with ADMIN OPTION on the roles in the statement may. */
  readonly runAs?: string;
  readonly reason?: string;
  /** Whether it concerns a server-wide object, which belongs to no database. */
  readonly shared?: boolean;
}

/** What an alternate that another rotation function created has and its owner lacks. */
export interface Holdings {
  /** The writer, which accepts changes. */
  readonly server: Pick<Credential, 'host' | 'port'>;
  /** The databases in which the alternate owns objects or has privileges, and to which it can connect. */
  readonly databases: readonly string[];
  /** The statements that the admin was not allowed to run. */
  readonly missingGrants: readonly MissingGrant[];
}

/** The access of a user to the tables and sequences of an owner, existing and future ones. */
export interface Access {
  readonly privileges: 'readOnly' | 'readWrite';
  /** The owner of the tables; with alternating users, the first login. */
  readonly owner: string;
  /** Names of schemas. If undefined: each schema in which the owner has an object, now or later. */
  readonly schemas?: readonly string[];
}

/** A login without a password, as the system catalog describes it. */
export interface IamLogin {
  /** Why the role must not use IAM authentication; null where it may. */
  readonly forbidden: string | null;
  /** The resource that created it, according to its comment. */
  readonly maker?: string;
  readonly comment: string | null;
  readonly logsIn: boolean;
  /** Whether it is a member of `rds_iam`, whose members RDS authenticates through IAM. */
  readonly member: boolean;
}

/** The properties of a login that say which secret it belongs to. */
export interface FoundLogin {
  readonly name: string;
  /** Why it is not an application's login; null where it is. */
  readonly forbidden: string | null;
  readonly memberOfOwner: boolean;
  /** The mark that this library wrote into the role's comment. */
  readonly mark?: { readonly secretArn: string };
}

/** The logins of a pair that exist. */
export interface LoginPair {
  readonly owner?: FoundLogin;
  readonly alternate?: FoundLogin;
}
