import { Annotations, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct, Dependable } from 'constructs';
import { AdminSecret } from './database/admin-secret';
import { EncryptionKey } from './database/encryption-key';
import { PostgresInstance } from './database/postgres-instance';
import { RotationMonitoring } from './monitoring';
import { SecretsManagerEndpoint } from './network/secrets-manager-endpoint';
import { RevocationFunction } from './rotation/revocation-function';
import { RotationFunction, RotationFunctionOptions } from './rotation/rotation-function';
import { RotationStrategy } from './rotation/rotation-strategy';
import { RotationScheduleOptions, ScheduledRotation } from './rotation/scheduled-rotation';
import { SecretNaming } from './secret-naming';
import { DatabaseUser } from './user/database-user';
import { DatabaseUserProvider } from './user/database-user-provider';

/** Properties of a `RotatingPostgres`. */
export interface RotatingPostgresProps {
  /** VPC of the database: isolated subnets when it has them, else private ones. */
  readonly vpc: ec2.IVpc;
  /**
   * Name of the application's database.
   * @default 'app'
   */
  readonly databaseName?: string;
  /**
   * Name of the application's user in PostgreSQL.
   * @default 'app'
   */
  readonly username?: string;
  /**
   * Instance class of the database.
   * @default - db.t4g.medium
   */
  readonly instanceType?: ec2.InstanceType;
  /**
   * Whether a standby in another Availability Zone takes over when the instance fails.
   * @default true
   */
  readonly multiAz?: boolean;
  /**
   * How the password of the application's user changes.
   * @default RotationStrategy.ALTERNATING_USERS
   */
  readonly strategy?: RotationStrategy;
  /**
   * When passwords change, the administrator's as well.
   * @default - every 30 days, and when the schedule is deployed
   */
  readonly schedule?: RotationScheduleOptions;
  /**
   * How passwords change.
   * @default - 32 characters; the previous login works until the next rotation, with the sessions that it has
   */
  readonly rotation?: RotationFunctionOptions;
  /**
   * Names secrets `Environment/Application/Type`.
   * @default - CloudFormation names them
   */
  readonly naming?: SecretNaming;
  /**
   * Key that encrypts database and secrets. Its policy must let identity policies of the account use it through Secrets Manager
   * and Amazon RDS.
   * @default - a new `EncryptionKey`
   */
  readonly encryptionKey?: kms.IKey;
  /**
   * The way from the VPC to Secrets Manager.
   * @default - the VPC's endpoint, made when the app has none; in an imported VPC none is made
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
  /**
   * Topic that is told when a rotation goes wrong.
   * @default - a new one, `monitoring.topic`
   */
  readonly notificationTopic?: sns.ITopic;
  /**
   * What happens to database, key and secrets when they leave the stack. `SNAPSHOT` keeps a last snapshot of the database, with
   * key and secrets; only `DESTROY` also switches the protection from deletion off.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A PostgreSQL database on Amazon RDS whose passwords nobody knows and which change by themselves. */
export class RotatingPostgres extends Construct implements ec2.IConnectable {
  /** Key that encrypts database and secrets. */
  public readonly encryptionKey: kms.IKey;
  /** The database. */
  public readonly database: PostgresInstance;
  /** The function that rotates the secrets. */
  public readonly rotationFunction: RotationFunction;
  /** Creates users in the database. */
  public readonly userProvider: DatabaseUserProvider;
  /** The application's user. */
  public readonly user: DatabaseUser;
  /** Alarms and notifications. */
  public readonly monitoring: RotationMonitoring;

  private revocation?: RevocationFunction;

  constructor(scope: Construct, id: string, private readonly props: RotatingPostgresProps) {
    super(scope, id);
    const { vpc, naming, removalPolicy, secretsManagerEndpoint, schedule } = props;
    const encryptionKey = this.encryptionKey = props.encryptionKey ?? new EncryptionKey(this, 'Key', { removalPolicy });
    const adminSecret = new AdminSecret(this, 'AdminSecret', { encryptionKey, naming, removalPolicy });
    const database = this.database = new PostgresInstance(this, 'Database', { ...props, encryptionKey, adminSecret });

    const provider = this.userProvider = new DatabaseUserProvider(this, 'UserProvider', { vpc, database, secretsManagerEndpoint });
    this.user = new DatabaseUser(this, 'User', { ...props, provider, encryptionKey });

    const rotationFunction = this.rotationFunction = new RotationFunction(this, 'RotationFunction', {
      ...props.rotation, vpc, database, secretsManagerEndpoint,
    });
    this.user.addRotation(rotationFunction, schedule);
    if (props.strategy === RotationStrategy.SINGLE_USER && retiresLogins(props.rotation)) {
      Annotations.of(this).addWarningV2('cdk-rotating-postgres:retire-single-user',
        "'rotation.retireAfter' and 'rotation.terminateSessions' are about alternating users: the one login of a single user does not retire. "
        + "Leave them out, or choose another 'strategy'.");
    }
    const adminRotation = new ScheduledRotation(this, 'AdminRotation', { ...schedule, secret: database.adminSecret, rotationFunction });
    adminRotation.node.addDependency(this.user); // not while the admin creates the user

    this.monitoring = new RotationMonitoring(this, 'Monitoring', {
      rotationFunction, secrets: [adminSecret, this.user.secret], topic: props.notificationTopic,
    });

    // Who depends on this waits for the user and its schedule, but not for the rules that admit consumers, its own perhaps among them.
    Dependable.implement(this, { dependencyRoots: [database.instance, this.user] });
  }

  /** Who may connect to the database; its port is the default. */
  public get connections(): ec2.Connections {
    return this.database.connections;
  }

  /** Secret of the application's user. */
  public get secret(): secretsmanager.ISecret {
    return this.user.secret;
  }

  /** Secret of the master user; for administration, never for an application. */
  public get adminSecret(): secretsmanager.ISecret {
    return this.database.adminSecret;
  }

  /** Allows the grantee to read the application's secret, and to decrypt with its key for this secret only. */
  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return this.user.grantRead(grantee);
  }

  /** Allows the grantee to revoke the application's credential once it has leaked; the first call makes the function that does so. */
  public grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return this.revocationFunction.grantRevoke(grantee);
  }

  /** Revokes credentials. It is made when it is first asked for, and serves the application's user. */
  public get revocationFunction(): RevocationFunction {
    return this.revocation ??= this.makeRevocationFunction();
  }

  private makeRevocationFunction(): RevocationFunction {
    const { vpc, secretsManagerEndpoint, rotation } = this.props;
    const made = new RevocationFunction(this, 'RevocationFunction', { ...rotation, vpc, database: this.database, secretsManagerEndpoint });
    this.user.addRevocation(made);
    return made;
  }
}

function retiresLogins({ retireAfter, terminateSessions }: RotationFunctionOptions = {}): boolean {
  return retireAfter !== undefined || terminateSessions === true;
}
