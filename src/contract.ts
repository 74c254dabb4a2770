/**
 * The contract: the names that deploy time (`src/`), rotation (`lambda/`) and consumer (`client/`) share.
 * Each is spelled here and nowhere else. Not exported from the package.
 */

/** The value of a secret, as JSON. The keys are those that AWS's own rotation functions read; they are case-sensitive. */
export interface SecretValue {
  readonly engine: string;
  readonly host: string;
  /** TCP port. AWS writes a number, people also a string of digits. */
  readonly port?: number | string;
  readonly username: string;
  readonly password: string;
  /** Database to connect to; `postgres` when absent. */
  readonly dbname?: string;
  /** ARN of the admin secret. Its presence makes the rotation alternate between two users. */
  readonly masterarn?: string;
  readonly ssl?: boolean | string;
  readonly dbInstanceIdentifier?: string;
}

/** The second login of alternating users is named after the first, as by AWS's own function. */
export const ALTERNATE_SUFFIX = '_clone';

/** PostgreSQL cuts longer names, with no more than a notice: NAMEDATALEN is 64, of which one byte ends the name. */
export const MAX_NAME_BYTES = 63;

/** The database for role work: it exists on every server, and no application role owns it. */
export const MAINTENANCE_DATABASE = 'postgres';

/** The staging label of a version that the user resource writes, before it becomes current in one conditional move. */
export const MERGED_STAGE = 'ROTATINGPOSTGRES_MERGED';

/** Environment variables. */
export const Env = {
  /** Consumer: ARN (or name) of the secret to log in with. */
  SECRET_ARN: 'ROTATING_POSTGRES_SECRET_ARN',
  /** Consumer, in development: a connection string, used instead of the secret. */
  DATABASE_URL: 'DATABASE_URL',
  /** Rotation function: what a new password is made of. The names and their meaning are those of AWS's own functions. */
  PASSWORD_LENGTH: 'PASSWORD_LENGTH',
  EXCLUDE_CHARACTERS: 'EXCLUDE_CHARACTERS',
  EXCLUDE_LOWERCASE: 'EXCLUDE_LOWERCASE',
  EXCLUDE_UPPERCASE: 'EXCLUDE_UPPERCASE',
  EXCLUDE_NUMBERS: 'EXCLUDE_NUMBERS',
  EXCLUDE_PUNCTUATION: 'EXCLUDE_PUNCTUATION',
  REQUIRE_EACH_INCLUDED_TYPE: 'REQUIRE_EACH_INCLUDED_TYPE',
  /** PEM file of further trusted roots; Node.js itself reads it only for its own default store. */
  EXTRA_CA_CERTS: 'NODE_EXTRA_CA_CERTS',
} as const;

/** What went wrong, for people and alarms. A heading of docs/runbook.md each. */
export const ErrorCode = {
  /** A setting is missing, or names something that cannot be read. */
  CONFIGURATION: 'Configuration',
  /** The event is not one that Secrets Manager or CloudFormation sends. */
  INVALID_EVENT: 'InvalidEvent',
  /** Rotation is switched off, or belongs to another version of the secret. */
  NOT_PENDING: 'NotPending',
  /** A secret's value is not JSON, or lacks a field, or a field has an impossible value. */
  INVALID_SECRET: 'InvalidSecret',
  /** Secrets Manager refused or could not be reached. */
  SECRETS_MANAGER: 'SecretsManager',
  /** No server answers at the secret's host and port. */
  DATABASE_UNREACHABLE: 'DatabaseUnreachable',
  /** The server's certificate is not trusted, or it offers no TLS. */
  TLS: 'Tls',
  /** The server wants a password in the clear or as MD5, or lets a login pass without SCRAM. */
  SCRAM: 'Scram',
  /** The server refused the login. */
  AUTHENTICATION: 'Authentication',
  /** A login works but is not who it must be, or a role is not one that may be rotated. */
  ROLE: 'Role',
  /** The login lacks a privilege for the work. */
  PRIVILEGE: 'Privilege',
  /** The server refused a statement for another reason. */
  DATABASE: 'Database',
  /** A fault of this library. */
  UNEXPECTED: 'Unexpected',
} as const;
export type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];

/** Properties of the custom resource that creates an application user. Strings only: CloudFormation makes them so. */
export interface DatabaseUserProperties {
  readonly secretArn: string;
  readonly adminSecretArn: string;
  readonly username: string;
  readonly engine: string;
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly dbInstanceIdentifier?: string;
  /** `owner`: owns the database; `connect`: may connect, nothing else. */
  readonly privileges: DatabaseUserPrivileges;
  /** `alternating` or `single`. */
  readonly strategy: RotationStrategyName;
}
export type DatabaseUserPrivileges = 'owner' | 'connect';
export type RotationStrategyName = 'alternating' | 'single';
