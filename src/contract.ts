/**
 * The contract: the names that deploy time (`src/`), rotation (`lambda/`) and consumer (`client/`) share.
 * Each is spelled here and nowhere else. Not exported from the package.
 */

/**
 * The value of a secret, as JSON. The keys are those that AWS's own rotation functions read; they are case-sensitive.
 */
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

/** A staging label that Secrets Manager itself moves. */
export type StagingLabel = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

/** The staging label of a version that the user resource writes, before it becomes current in one conditional move. */
export const MERGED_STAGE = 'ROTATINGPOSTGRES_MERGED';

/**
 * What the staging label of a version that was revoked begins with; its id follows, for no label is on two versions.
 */
export const REVOKED_STAGE_PREFIX = 'ROTATINGPOSTGRES_REVOKED_';

/** The staging label of the version that a revocation writes, before it becomes current. */
export const REPLACEMENT_STAGE = 'ROTATINGPOSTGRES_REPLACEMENT';

/**
 * Tags of a secret that bind it: a rotation holds the secret's value to them. They are set at deploy time; writing a
 * value takes another permission than writing a tag.
 */
export const BindingTag = {
  /** `host:port`. */
  SERVER: 'rotating-postgres:server',
  /** The user; of alternating ones, the first. */
  USERNAME: 'rotating-postgres:username',
  /** A `RotationStrategyName`. */
  STRATEGY: 'rotating-postgres:strategy',
  /** ARN of the admin secret; of a single user the one that helps where it may not change its own password. */
  ADMIN_SECRET: 'rotating-postgres:admin-secret',
} as const;

/** Starts the value of a tag that is Base64, because tags do not allow every character. */
export const ENCODED_TAG_VALUE = 'base64:';

/** Environment variables. */
export const Env = {
  /** Consumer: ARN (or name) of the secret to log in with. */
  SECRET_ARN: 'ROTATING_POSTGRES_SECRET_ARN',
  /** Consumer, in development: a connection string, used instead of the secret. */
  DATABASE_URL: 'DATABASE_URL',
  /**
   * Rotation function: what a new password is made of. The names and their meaning are those of AWS's own functions.
   */
  PASSWORD_LENGTH: 'PASSWORD_LENGTH',
  EXCLUDE_CHARACTERS: 'EXCLUDE_CHARACTERS',
  EXCLUDE_LOWERCASE: 'EXCLUDE_LOWERCASE',
  EXCLUDE_UPPERCASE: 'EXCLUDE_UPPERCASE',
  EXCLUDE_NUMBERS: 'EXCLUDE_NUMBERS',
  EXCLUDE_PUNCTUATION: 'EXCLUDE_PUNCTUATION',
  REQUIRE_EACH_INCLUDED_TYPE: 'REQUIRE_EACH_INCLUDED_TYPE',
  /** Functions: the servers that they may work on, as `host:port`, with spaces between them. */
  SERVERS: 'ROTATING_POSTGRES_SERVERS',
  /** Functions: seconds that the login which a rotation replaced still works. */
  RETIRE_AFTER: 'ROTATING_POSTGRES_RETIRE_AFTER',
  /** Functions: `true` to end what sessions a login has when its password is about to change. */
  TERMINATE_SESSIONS: 'ROTATING_POSTGRES_TERMINATE_SESSIONS',
  /** Functions: `true` to let an MD5 login pass, over TLS. */
  ALLOW_MD5: 'ROTATING_POSTGRES_ALLOW_MD5',
  /** Functions: `true` to let a secret ask for a connection without TLS. */
  ALLOW_PLAINTEXT: 'ROTATING_POSTGRES_ALLOW_PLAINTEXT',
  /** PEM file of further trusted roots; Node.js itself reads it only for its own default store. */
  EXTRA_CA_CERTS: 'NODE_EXTRA_CA_CERTS',
} as const;

/** What the passwords that rotations make consist of. */
export const PasswordRules = {
  /** As long as what Secrets Manager's own GetRandomPassword returns. */
  DEFAULT_LENGTH: 32,
  /** What RDS takes for a master password. */
  MIN_LENGTH: 8,
  MAX_LENGTH: 128,
  LOWERCASE: 'abcdefghijklmnopqrstuvwxyz',
  UPPERCASE: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  NUMBERS: '0123456789',
  /** What neither RDS (which refuses `/`, `"` and `@`) nor a shell, a URL or a template gives a meaning to. */
  PUNCTUATION: '-_.',
  /** Fewer different characters are no choice. */
  MIN_CHOICE: 2,
} as const;

/** What went wrong, for people and alarms. A heading of docs/runbook.md each. */
export const ErrorCode = {
  /** A setting is missing, or names something that cannot be read. */
  CONFIGURATION: 'Configuration',
  /** The event is not one that Secrets Manager or CloudFormation sends. */
  INVALID_EVENT: 'InvalidEvent',
  /** Rotation is switched off, or belongs to another version of the secret. */
  NOT_PENDING: 'NotPending',
  /** The version of the event is not pending, but another one is. */
  STUCK_PENDING: 'StuckPending',
  /** A secret's value is not JSON, or lacks a field, or a field has an impossible value. */
  INVALID_SECRET: 'InvalidSecret',
  /** A secret's value is not what its tags, or the function's environment, bind it to. */
  BINDING: 'Binding',
  /** Secrets Manager refused a call. */
  SECRETS_MANAGER: 'SecretsManager',
  /** Secrets Manager did not answer. */
  SECRETS_MANAGER_UNREACHABLE: 'SecretsManagerUnreachable',
  /** The name of the secret's host does not resolve. */
  DNS: 'Dns',
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
  /** The server has no connection left, or the login none of its own. */
  CONNECTION_LIMIT: 'ConnectionLimit',
  /** The server has no database of the secret's name. */
  DATABASE_MISSING: 'DatabaseMissing',
  /** The host is a read replica, or the writer is not the writer any more. */
  READ_ONLY: 'ReadOnly',
  /** Another session holds what has to be changed. */
  LOCKED: 'Locked',
  /** A statement took too long, or the function's own time was over. */
  TIMEOUT: 'Timeout',
  /** The login lacks a privilege for the work. */
  PRIVILEGE: 'Privilege',
  /** The admin lacks ADMIN OPTION on a role, which PostgreSQL 16 asks for. */
  ADMIN_OPTION: 'AdminOption',
  /** The server refused a statement for another reason. */
  DATABASE: 'Database',
  /** A fault of this library. */
  UNEXPECTED: 'Unexpected',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** What the functions tell CloudWatch of each invocation. */
export const Metric = {
  NAMESPACE: 'RotatingPostgres',
  /** In milliseconds. */
  DURATION: 'Duration',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  /** Dimension, with each of the others: the name of the function. */
  FUNCTION_NAME: 'FunctionName',
  /** Dimension: the rotation step, or what else the function was invoked for. */
  STEP: 'Step',
  /** Dimension, of what failed only: an `ErrorCode`. */
  CODE: 'Code',
} as const;

/** Properties of the custom resource that waits for the first rotation of secrets. */
export interface FirstRotationProperties {
  /** ARNs of the secrets. */
  readonly secretArns: readonly string[];
  /** Name of the rotation function's log group. */
  readonly logGroup: string;
  /** A number, which CloudFormation makes a text. */
  readonly timeoutSeconds: number | string;
}

/** Properties of the custom resource that creates an application user. Strings only: CloudFormation makes them so. */
export interface DatabaseUserProperties {
  /** Of a user with a password; a user that logs in through IAM has no secret. */
  readonly secretArn?: string;
  readonly adminSecretArn: string;
  readonly username: string;
  readonly engine: string;
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly dbInstanceIdentifier?: string;
  readonly privileges: DatabaseUserPrivileges;
  /** The user whose objects a reader or writer gets access to. */
  readonly owner?: string;
  /** JSON: names of schemas. Absent: every schema in which the owner has something, now or later. */
  readonly schemas?: string;
  /** JSON: an array of `DatabaseGrant`. */
  readonly furtherGrants?: string;
  /** Of a user with a password. */
  readonly strategy?: RotationStrategyName;
  /** `password` when absent. */
  readonly authentication?: DatabaseUserAuthentication;
  /** What the deletion of the resource does with the role; `retain` when absent. */
  readonly onDelete?: DatabaseUserDeletion;
}

/** What a user may do in one more database. */
export interface DatabaseGrant {
  readonly database: string;
  readonly privileges: DatabaseUserPrivileges;
  readonly owner?: string;
  readonly schemas?: readonly string[];
}

/**
 * `owner`: owns the database; `connect`: may connect, nothing else; the others: tables of an owner, those to come as
 * well.
 */
export type DatabaseUserPrivileges = 'owner' | 'connect' | 'readOnly' | 'readWrite';
export type DatabaseUserAuthentication = 'password' | 'iam';
/**
 * `drop`: what the role owns goes to `<username>_kept`, as whom nobody logs in, databases to the admin, then it is
 * dropped; `retain`: it stays.
 */
export type DatabaseUserDeletion = 'retain' | 'drop';
export const STRATEGIES = ['alternating', 'single'] as const;
export type RotationStrategyName = (typeof STRATEGIES)[number];
