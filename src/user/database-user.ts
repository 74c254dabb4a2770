import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, DependencyGroup, IConstruct, IDependable } from 'constructs';
import { IDatabaseUser } from './database-user-interface';
import { DatabaseUserOptions } from './database-user-options';
import { DatabaseUserProvider } from './database-user-provider';
import { Privileges } from './privileges';
import { UserResource } from './user-resource';
import { validUsername } from './username';
import { wire } from './wire';
import { WireOptions } from './wire-options';
import { grantRead } from '../access/grant-read';
import { ReadOptions } from '../access/read-options';
import { RotationStrategy } from '../access/rotation-strategy';
import { SecretGuard, SecretGuardOptions } from '../access/secret-guard';
import { SecretNaming, secretName } from '../access/secret-naming';
import { SecretReplica } from '../access/secret-replica';
import { Env } from '../contract';
import { refuseProxiesOn } from '../database/alternating-behind-proxy';
import { IPostgresDatabase } from '../database/postgres-database';
import { bind } from '../database/secret-binding';
import { SecretAccessPolicy } from '../function/secret-access-policy';
import { after } from '../private/after';
import { fail } from '../private/errors';
import { generateSecretString, retainedUnlessDestroyed, withoutPolicyChanges } from '../private/generated-secret';
import { LOG_IN, PUBLISH, REVOKE, targetFor } from '../private/secret-access';
import { RevocationFunction } from '../rotation/revocation-function';
import { RotationFunction } from '../rotation/rotation-function';
import { RotationScheduleOptions, ScheduledRotation } from '../rotation/scheduled-rotation';

/** Properties of a `DatabaseUser`. */
export interface DatabaseUserProps extends DatabaseUserOptions {
  /** Creates the user in the database. */
  readonly provider: DatabaseUserProvider;
  /** Key that encrypts the secret. */
  readonly encryptionKey: kms.IKey;
  /**
   * Name of the user in PostgreSQL. It is checked when the app is synthesised, so it cannot be a token. A user keeps
   * its name: another one is refused at deployment, before the secret or a role is touched. With `naming`, which puts
   * it into the name of the secret, another name makes another user with another secret; the ones that were there stay,
   * unless `removalPolicy` is `DESTROY`.
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
   * Who may write the secret, beside the functions that rotate it.
   * @default - deployment and the account's root user
   */
  readonly guard?: SecretGuardOptions;
}

/** A user for an application: a secret of its own, and the role in the database, created at deployment. */
export class DatabaseUser extends Construct implements IDatabaseUser {
  /** The secret that applications read. */
  public readonly secret: secretsmanager.Secret;
  /** Name of the user in PostgreSQL. */
  public readonly username: string;
  /** The database that the user connects to. */
  public readonly database: IPostgresDatabase;
  /** How the password changes. */
  public readonly strategy: RotationStrategy;
  /** Who may write the secret, and by which way it may be read. */
  public readonly guard: SecretGuard;
  private readonly encryptionKey: kms.IKey;
  private readonly provider: DatabaseUserProvider;
  private readonly privileges: Privileges;
  private readonly resource: UserResource;
  /** Whoever logs in waits for the user and for the schedule that rotates it, not for what else is added to it. */
  private readonly ready = new DependencyGroup();

  constructor(scope: Construct, id: string, props: DatabaseUserProps) {
    super(scope, id);
    this.provider = props.provider;
    this.encryptionKey = props.encryptionKey;
    this.database = props.provider.database;
    this.strategy = props.strategy ?? RotationStrategy.ALTERNATING_USERS;
    this.username = validUsername(this, props.username ?? 'app');
    this.privileges = props.privileges ?? Privileges.owner();
    const removalPolicy = retainedUnlessDestroyed(props.removalPolicy);
    const secret = (this.secret = new secretsmanager.Secret(this, 'Secret', {
      description: `PostgreSQL user ${this.username}, rotated`,
      encryptionKey: withoutPolicyChanges(this, 'EncryptionKey', props.encryptionKey),
      generateSecretString: generateSecretString(),
      secretName: secretName(this, props.naming, `database_${this.username}`),
      removalPolicy,
    }));
    bind(secret, { database: this.database, username: this.username, strategy: this.strategy });
    this.guard = new SecretGuard(this, 'Guard', { ...props.guard, secret });
    if (this.strategy === RotationStrategy.ALTERNATING_USERS) refuseProxiesOn(secret, this);

    const access = SecretAccessPolicy.of(this, this.provider.role);
    access.allow(this.secret, PUBLISH);
    this.resource = new UserResource(this, 'Resource', {
      ...props,
      user: this,
      privileges: this.privileges,
      own: { secretArn: this.secret.secretArn, strategy: this.strategy },
      prerequisites: [access],
    });
    this.ready.add(this.resource);
  }

  /**
   * Whether the user is the owner that PostgreSQL's grants are about.
   *
   * @internal
   */
  public get _ownsDatabase(): boolean {
    return this.privileges._owns;
  }

  /** The environment variable that names the secret for the client package. */
  public get environment(): { [name: string]: string } {
    return { [Env.SECRET_ARN]: this.secret.secretArn };
  }

  /**
   * Allows the grantee to read this secret, and to decrypt with its key for this secret only.
   *
   * A grantee of another account (a role, an `iam.AccountPrincipal`) or an `iam.OrganizationPrincipal` is admitted by
   * the policies of the secret and of its key as well. The key must be the customer's, and the reader's own policy must
   * allow both: of a role that this app makes in the other account it comes to, which takes a secret with a name
   * (`naming`); of any other it is written there. A role need not exist yet.
   *
   * @throws where the policy of the key cannot admit the reader, where everyone would be admitted, and where reads
   * outside the endpoint are denied
   */
  public grantRead(grantee: iam.IGrantable, options: ReadOptions = {}): iam.Grant {
    const { secret, encryptionKey } = this;
    return grantRead(
      { scope: this, secret, encryptionKey, target: reader => targetFor(secret, reader) },
      grantee,
      options,
    );
  }

  /**
   * Has Secrets Manager keep a copy of the secret in another Region. The secret itself, its value and its rotation stay
   * as they are.
   *
   * @param region another Region of the same partition.
   * @param encryptionKey a key of that Region.
   */
  public addReplica(region: string, encryptionKey: kms.IKey): SecretReplica {
    return SecretReplica._of(this, this.secret, region, encryptionKey);
  }

  /**
   * Not possible: AWS IAM is no way in for a user with a password.
   *
   * @throws always
   */
  public grantConnect(_grantee: iam.IGrantable): iam.Grant {
    return fail(
      this,
      `'grantConnect' is for users without a password, and '${this.username}' has one: logging in through ` +
        'IAM takes a membership' +
        ' in rds_iam, with which RDS refuses the password. Make an IamDatabaseUser for the grantee, or use ' +
        "'grantRead' or 'wire'",
    );
  }

  /**
   * Gives a consumer all that it needs to log in: `grantRead`, the database's port both ways, the way to Secrets
   * Manager, and `environment`; and makes it wait for the user and the schedule that rotates its password.
   *
   * @param consumer a Lambda function, an ECS service, an EC2 instance, or whatever else has security groups
   * (`ec2.IConnectable`) and a role (`iam.IGrantable`). What has no environment variables, as an instance, must be told
   * `environment` by other means. The rules of security groups stand in the consumer's stack, so that the database's
   * stack never depends on it.
   */
  public wire(consumer: IConstruct, options: WireOptions = {}): void {
    wire(consumer, this, {
      ...options,
      grant: grantee => this.grantRead(grantee),
      secretsManager: { endpoint: options.secretsManagerEndpoint ?? this.provider._endpoint },
      ready: this.ready,
    });
  }

  /**
   * Creates the user in the database, and rotates its password, after these: a migration that makes the schemas that it
   * reads, for example. Its secret does not wait for them. `node.addDependency` would have the secret wait as well, and
   * so everything that needs one of the secrets that the same functions serve.
   */
  public createAfter(...prerequisites: IDependable[]): void {
    after(this.resource, prerequisites);
  }

  /** Rotates the user's password on a schedule, once the user exists. */
  public addRotation(rotationFunction: RotationFunction, options: RotationScheduleOptions = {}): ScheduledRotation {
    const { adminSecret } = this.provider.database;
    rotationFunction._serve(this, this.provider.database);
    const rotation = new ScheduledRotation(this, 'Rotation', {
      ...options,
      rotationFunction,
      secret: this.secret,
      adminSecret,
    });
    rotation._after(this.resource);
    this.ready.add(rotation);
    return rotation;
  }

  /** Lets the function revoke the user's credential. */
  public addRevocation(revocationFunction: RevocationFunction): void {
    const access = SecretAccessPolicy.of(this, revocationFunction.role);
    access.allow(this.secret, REVOKE);
    access.allow(this.provider.database.adminSecret, LOG_IN);
  }
}
