import { CustomResource, Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ALTERNATE_SUFFIX, DatabaseUserProperties, MAX_NAME_BYTES } from '../contract';
import { DatabaseUserProvider } from './database-user-provider';
import { Privileges } from './privileges';
import { AdminSecret } from '../database/admin-secret';
import { bind } from '../private/binding';
import { fail } from '../private/errors';
import { generateSecretString, retainedUnlessDestroyed, withoutPolicyChanges } from '../private/generated-secret';
import { grant, LOG_IN, PUBLISH, READ, REVOKE, statements } from '../private/secret-access';
import { after } from '../private/vpc-function';
import { RevocationFunction } from '../rotation/revocation-function';
import { RotationFunction } from '../rotation/rotation-function';
import { RotationStrategy } from '../rotation/rotation-strategy';
import { RotationScheduleOptions, ScheduledRotation } from '../rotation/scheduled-rotation';
import { SecretNaming, secretName } from '../secret-naming';

/** Properties of a `DatabaseUser`. */
export interface DatabaseUserProps {
  /** Creates the user in the database. */
  readonly provider: DatabaseUserProvider;
  /** Key that encrypts the secret. */
  readonly encryptionKey: kms.IKey;
  /**
   * Name of the user in PostgreSQL. It stands in the secret's template, which must never change, so it cannot be a token.
   * @default 'app'
   */
  readonly username?: string;
  /**
   * What the user may do.
   * @default Privileges.owner()
   */
  readonly privileges?: Privileges;
  /**
   * How the password changes.
   * @default RotationStrategy.ALTERNATING_USERS
   */
  readonly strategy?: RotationStrategy;
  /**
   * Names the secret `Environment/Application/database_<user name>`.
   * @default - CloudFormation names the secret
   */
  readonly naming?: SecretNaming;
  /**
   * What happens to secret and user when they leave the stack; anything but `DESTROY` retains both.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A user for an application: a secret of its own, and the role in the database, created at deployment. */
export class DatabaseUser extends Construct {
  /** The secret that applications read. */
  public readonly secret: secretsmanager.ISecret;
  /** Name of the user in PostgreSQL. */
  public readonly username: string;
  private readonly provider: DatabaseUserProvider;
  private readonly strategy: RotationStrategy;
  private readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: DatabaseUserProps) {
    super(scope, id);
    this.provider = props.provider;
    this.strategy = props.strategy ?? RotationStrategy.ALTERNATING_USERS;
    this.username = validName(this, props.username ?? 'app');
    const removalPolicy = retainedUnlessDestroyed(props.removalPolicy);
    const secret = new secretsmanager.Secret(this, 'Secret', {
      description: `PostgreSQL user ${this.username}, rotated`,
      encryptionKey: withoutPolicyChanges(this, 'EncryptionKey', props.encryptionKey),
      generateSecretString: generateSecretString(this.username),
      secretName: secretName(this, props.naming, `database_${this.username}`),
      removalPolicy,
    });
    bind(secret, { database: this.provider.database, username: this.username, strategy: this.strategy });
    this.secret = secret;

    const access = new iam.Policy(this, 'Access', { roles: [this.provider.role], statements: statements(this.secret, PUBLISH) });
    this.resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::RotatingPostgresUser',
      serviceToken: this.provider.serviceToken,
      serviceTimeout: Duration.minutes(10), // CloudFormation's own default is an hour of silence
      properties: this.properties(props.privileges ?? Privileges.owner()),
      removalPolicy,
    });
    after(this.resource, [access, ...this.provider._prerequisites]);
  }

  /** Allows the grantee to read this secret, and to decrypt with its key for this secret only. */
  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return grant(this.secret, READ, grantee);
  }

  /** Rotates the user's password on a schedule, once the user exists. */
  public addRotation(rotationFunction: RotationFunction, options: RotationScheduleOptions = {}): ScheduledRotation {
    const { adminSecret } = this.provider.database;
    const rotation = new ScheduledRotation(this, 'Rotation', { ...options, rotationFunction, secret: this.secret, adminSecret });
    rotation._after(this.resource);
    return rotation;
  }

  /** Lets the function revoke the user's credential. */
  public addRevocation(revocationFunction: RevocationFunction): void {
    new iam.Policy(this, 'Revocation', {
      roles: [revocationFunction.role],
      statements: [...statements(this.secret, REVOKE), ...statements(this.provider.database.adminSecret, LOG_IN)],
    });
  }

  private properties(privileges: Privileges): { [name in keyof DatabaseUserProperties]: unknown } {
    const database = this.provider.database;
    return {
      secretArn: this.secret.secretArn,
      adminSecretArn: database.adminSecret.secretArn,
      username: this.username,
      engine: database.engine,
      host: database.host,
      port: database.port,
      database: database.databaseName,
      dbInstanceIdentifier: database.dbInstanceIdentifier,
      privileges: privileges._name,
      strategy: this.strategy,
    };
  }
}

function validName(scope: Construct, name: string): string {
  if (Token.isUnresolved(name)) {
    fail(scope, "'username' is a token, but it stands in the template of the secret, which must never change; write a literal");
  }
  // For a single user as well: the functions look for a second login, which it may have had, or get with another strategy.
  const bytes = Buffer.byteLength(name + ALTERNATE_SUFFIX);
  if (name === '' || bytes > MAX_NAME_BYTES) {
    fail(scope, `'username' is '${name}', ${bytes} bytes with the suffix ${ALTERNATE_SUFFIX} of a second login;`
      + ` PostgreSQL takes ${MAX_NAME_BYTES}, choose a name of 1 to ${MAX_NAME_BYTES - ALTERNATE_SUFFIX.length}`);
  }
  if (name.endsWith(ALTERNATE_SUFFIX)) {
    fail(scope, `'username' is '${name}', and ${ALTERNATE_SUFFIX} ends the name of a second login; choose another`);
  }
  if (/^(pg_|rds_|rdsadmin$)/.test(name) || name === AdminSecret.USERNAME) {
    fail(scope, `'username' is '${name}', which belongs to the administrator, to PostgreSQL (pg_) or to RDS (rds); choose another`);
  }
  return name;
}
