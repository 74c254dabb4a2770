/**
 * The contract: the names that deploy time (`src/`), rotation (`lambda/`) and consumer (`client/`) share. Each name is
 * spelled only here. The package does not export it.
 */

/** The JSON value of a secret. The keys are those of AWS's own rotation functions; they are case-sensitive. */
export interface SecretValue {
  readonly engine: string;
  readonly host: string;
  /** TCP port. AWS writes a number; values edited by hand may have a string of digits. */
  readonly port?: number | string;
  readonly username: string;
  readonly password: string;
  /** Database to connect to; `postgres` if absent. */
  readonly dbname?: string;
  /** ARN of the admin secret. If present, rotation uses alternating users. */
  readonly masterarn?: string;
  readonly ssl?: boolean | string;
  readonly dbInstanceIdentifier?: string;
}

/** The suffix of the second login of alternating users, as in AWS's own function. */
export const ALTERNATE_SUFFIX = '_clone';

/** PostgreSQL truncates longer names with only a NOTICE: NAMEDATALEN is 64, including the terminating byte. */
export const MAX_NAME_BYTES = 63;

/** The database in which roles are administered. It exists on every server, and no application role owns it. */
export const MAINTENANCE_DATABASE = 'postgres';

/** The staging labels of Secrets Manager. */
export const StagingLabel = {
  /** The version that consumers log in with. */
  CURRENT: 'AWSCURRENT',
  /** The version that a running rotation has created. */
  PENDING: 'AWSPENDING',
  /** The version that was AWSCURRENT before. */
  PREVIOUS: 'AWSPREVIOUS',
} as const;
export type StagingLabel = (typeof StagingLabel)[keyof typeof StagingLabel];

/** The staging label of a version that the user resource writes before it moves AWSCURRENT to it. */
export const MERGED_STAGE = 'ROTATINGPOSTGRES_MERGED';

/** The prefix of a revoked version's staging label, before its id: a label can be on one version only. */
export const REVOKED_STAGE_PREFIX = 'ROTATINGPOSTGRES_REVOKED_';
export type RevokedLabel = `${typeof REVOKED_STAGE_PREFIX}${string}`;

/** The staging label of the version that a revocation writes before it becomes AWSCURRENT. */
export const REPLACEMENT_STAGE = 'ROTATINGPOSTGRES_REPLACEMENT';

/** The staging labels that a new version may be written with. None of them makes it current at once. */
export type NewVersionLabel = typeof StagingLabel.PENDING | typeof MERGED_STAGE | typeof REPLACEMENT_STAGE;

/**
 * Tags that bind a secret, set by deployment: a rotation refuses a value that differs from them. Writing a tag needs
 * another permission than writing a value.
 */
export const BindingTag = {
  /** `host:port`. */
  SERVER: 'rotating-postgres:server',
  /** The user name; with alternating users, that of the first login. */
  USERNAME: 'rotating-postgres:username',
  /** A `RotationStrategyName`. */
  STRATEGY: 'rotating-postgres:strategy',
  /** ARN of the admin secret. For a single user, the admin changes the password if the user may not change its own. */
  ADMIN_SECRET: 'rotating-postgres:admin-secret',
} as const;

/** The prefix of a Base64 tag value. Tags do not allow every character. */
export const ENCODED_TAG_VALUE = 'base64:';

/** Environment variables. */
export const Env = {
  /** Consumer: ARN or name of the secret to log in with. */
  SECRET_ARN: 'ROTATING_POSTGRES_SECRET_ARN',
  /** Consumer, in development: a connection string, used instead of the secret. */
  DATABASE_URL: 'DATABASE_URL',
  /** Rotation function: the rules for new passwords. Names and meaning are those of AWS's own functions. */
  PASSWORD_LENGTH: 'PASSWORD_LENGTH',
  EXCLUDE_CHARACTERS: 'EXCLUDE_CHARACTERS',
  EXCLUDE_LOWERCASE: 'EXCLUDE_LOWERCASE',
  EXCLUDE_UPPERCASE: 'EXCLUDE_UPPERCASE',
  EXCLUDE_NUMBERS: 'EXCLUDE_NUMBERS',
  EXCLUDE_PUNCTUATION: 'EXCLUDE_PUNCTUATION',
  REQUIRE_EACH_INCLUDED_TYPE: 'REQUIRE_EACH_INCLUDED_TYPE',
  /** Functions: the servers that they may connect to, as `host:port`, separated by spaces. */
  SERVERS: 'ROTATING_POSTGRES_SERVERS',
  /** Functions: how many seconds the login that a rotation replaced keeps working. */
  RETIRE_AFTER: 'ROTATING_POSTGRES_RETIRE_AFTER',
  /** Functions: `true` to end the sessions of an alternating login when its password changes. */
  TERMINATE_SESSIONS: 'ROTATING_POSTGRES_TERMINATE_SESSIONS',
  /** Functions: `true` to accept MD5 authentication, over TLS only. */
  ALLOW_MD5: 'ROTATING_POSTGRES_ALLOW_MD5',
  /** Functions: `true` to let a secret request a connection without TLS. */
  ALLOW_PLAINTEXT: 'ROTATING_POSTGRES_ALLOW_PLAINTEXT',
  /** PEM file of additional trusted root certificates. Node.js itself applies it only to its default trust store. */
  EXTRA_CA_CERTS: 'NODE_EXTRA_CA_CERTS',
} as const;

/** The rules for passwords that rotations generate. */
export const PasswordRules = {
  /** The default length of Secrets Manager's GetRandomPassword. */
  DEFAULT_LENGTH: 32,
  /** The minimum and maximum length that RDS allows for a master password. */
  MIN_LENGTH: 8,
  MAX_LENGTH: 128,
  LOWERCASE: 'abcdefghijklmnopqrstuvwxyz',
  UPPERCASE: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  NUMBERS: '0123456789',
  /**
   * Characters that are allowed by RDS (which forbids `/`, `"` and `@`) and have no special meaning in a shell, a URL
   * or a template.
   */
  PUNCTUATION: '-_.',
  /** With fewer different characters, passwords would not be random. */
  MIN_CHOICE: 2,
} as const;

/** Error codes, for operators and alarms. Each is a heading of docs/runbook.md. */
export const ErrorCode = {
  /** A setting is missing or invalid. */
  CONFIGURATION: 'Configuration',
  /** The event is not one that Secrets Manager or CloudFormation sends. */
  INVALID_EVENT: 'InvalidEvent',
  /**
   * The event's version is not pending: rotation is off, has another function, or moved on; or the version was revoked.
   */
  NOT_PENDING: 'NotPending',
  /** The version of the event is not AWSPENDING, but another version still is. */
  STUCK_PENDING: 'StuckPending',
  /** A secret's value is not JSON, lacks a field, or has a field with an invalid value. */
  INVALID_SECRET: 'InvalidSecret',
  /** A secret's value differs from its tags or from the function's environment, to which it is bound. */
  BINDING: 'Binding',
  /** Secrets Manager refused a call. */
  SECRETS_MANAGER: 'SecretsManager',
  /** Secrets Manager did not answer. */
  SECRETS_MANAGER_UNREACHABLE: 'SecretsManagerUnreachable',
  /** The host name in the secret does not resolve. */
  DNS: 'Dns',
  /** No server answers at the secret's host and port. */
  DATABASE_UNREACHABLE: 'DatabaseUnreachable',
  /** The server's certificate is not trusted, or the server does not offer TLS. */
  TLS: 'Tls',
  /** The server requests a cleartext or MD5 password, or completes a login without SCRAM. */
  SCRAM: 'Scram',
  /** The server refused the login. */
  AUTHENTICATION: 'Authentication',
  /** A login has the wrong `session_user` or `current_user`, or a role must not be rotated. */
  ROLE: 'Role',
  /** The connection limit of the server or of the login is reached. */
  CONNECTION_LIMIT: 'ConnectionLimit',
  /** The server has no database of this name. */
  DATABASE_MISSING: 'DatabaseMissing',
  /** The server is read-only: a read replica, or a former writer. */
  READ_ONLY: 'ReadOnly',
  /** Another session holds a lock on an object that has to be changed. */
  LOCKED: 'Locked',
  /** A statement timed out, or the function's deadline has passed. */
  TIMEOUT: 'Timeout',
  /** The login lacks a privilege. */
  PRIVILEGE: 'Privilege',
  /** The admin lacks ADMIN OPTION on a role, which PostgreSQL 16 and later requires. */
  ADMIN_OPTION: 'AdminOption',
  /** The server returned an error that has no code of its own here. */
  DATABASE: 'Database',
  /** A bug of this library. */
  UNEXPECTED: 'Unexpected',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** The metrics that the functions write for each invocation. */
export const Metric = {
  NAMESPACE: 'RotatingPostgres',
  /** In milliseconds. */
  DURATION: 'Duration',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  /** Dimension, combined with each of the others: the function's name. */
  FUNCTION_NAME: 'FunctionName',
  /** Dimension: the rotation step, or the request type of another function. */
  STEP: 'Step',
  /** Dimension, for failures only: an `ErrorCode`. */
  CODE: 'Code',
} as const;

/** Properties of the custom resource that waits for the first rotation of secrets. */
export interface FirstRotationProperties {
  /** ARNs of the secrets. */
  readonly secretArns: readonly string[];
  /** Name of the log group of the rotation function. */
  readonly logGroup: string;
  /** A number; CloudFormation converts it to a string. */
  readonly timeoutSeconds: number | string;
}

/**
 * Properties of the custom resource that creates an application user. All are strings, because CloudFormation converts
 * them.
 */
export interface DatabaseUserProperties {
  /** The secret of a user with a password. A user with IAM authentication has none. */
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
  /** JSON array of schema names. If absent: every schema in which the owner has an object, now or later. */
  readonly schemas?: string;
  /** JSON array of `DatabaseGrant`. */
  readonly furtherGrants?: string;
  /** Only for a user with a password. */
  readonly strategy?: RotationStrategyName;
  /** `password` if absent. */
  readonly authentication?: DatabaseUserAuthentication;
  /** What deleting the resource does with the role; `retain` if absent. */
  readonly onDelete?: DatabaseUserDeletion;
}

/** The privileges of a user in one additional database. */
export interface DatabaseGrant {
  readonly database: string;
  readonly privileges: DatabaseUserPrivileges;
  readonly owner?: string;
  readonly schemas?: readonly string[];
}

/**
 * `owner`: owns the database; `connect`: may only connect; `readOnly` and `readWrite`: access to an owner's tables,
 * existing and future ones.
 */
export type DatabaseUserPrivileges = 'owner' | 'connect' | 'readOnly' | 'readWrite';
export type DatabaseUserAuthentication = 'password' | 'iam';
/**
 * `drop`: the role's objects pass to the NOLOGIN role `<username>_kept`, its databases to the admin, and the role is
 * dropped; `retain`: the role stays.
 */
export type DatabaseUserDeletion = 'retain' | 'drop';
export const STRATEGIES = ['alternating', 'single'] as const;
export type RotationStrategyName = (typeof STRATEGIES)[number];
