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
  /** The provider that creates the user in the database. */
  readonly provider: DatabaseUserProvider;
  /** KMS key of the secret. */
  readonly encryptionKey: kms.IKey;
  /**
   * Name of the user in PostgreSQL, 1 to 57 bytes: PostgreSQL's limit of 63 less the suffix `_clone`. It must not end
   * in `_clone`, begin with `pg_` or `rds_`, or be `postgres` or `rdsadmin`. It is checked at synthesis, so that it
   * must not be a token.
   *
   * The name of a deployed user cannot be changed: the deployment fails before it changes the secret or a role. With
   * `naming`, the secret's name includes the user name, so that another name creates another user with another secret;
   * the former user and secret stay, unless `removalPolicy` is `DESTROY`.
   * @default 'app'
   */
  readonly username?: string;
  /**
   * Privileges of the user.
   * @default Privileges.owner()
   */
  readonly privileges?: Privileges;
  /** Rotation strategy of the user. */
  readonly strategy?: RotationStrategy;
  /**
   * Names the secret `Environment/Application/database_<user name>`.
   * @default - CloudFormation names the secret
   */
  readonly naming?: SecretNaming;
  /**
   * Principals that may write the secret, in addition to the functions that rotate it.
   * @default - only deployments and the account's root user
   */
  readonly guard?: SecretGuardOptions;
}

/** A user for an application: a secret, and a role in the database, which is created at deployment. */
export class DatabaseUser extends Construct implements IDatabaseUser {
  /** The secret that applications read. */
  public readonly secret: secretsmanager.Secret;
  /** Name of the user in PostgreSQL. */
  public readonly username: string;
  /** The database that the user connects to. */
  public readonly database: IPostgresDatabase;
  /**
   * Rotation strategy of the user.
   * @default RotationStrategy.ALTERNATING_USERS
   */
  public readonly strategy: RotationStrategy;
  /** Resource policy of the secret. */
  public readonly guard: SecretGuard;
  private readonly encryptionKey: kms.IKey;
  private readonly provider: DatabaseUserProvider;
  private readonly privileges: Privileges;
  private readonly resource: UserResource;
  /** The constructs that consumers wait for: the user and its rotation schedule, and no other children. */
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
   * Whether the user owns the database, so that readers can be granted its objects.
   *
   * @internal
   */
  public get _ownsDatabase(): boolean {
    return this.privileges._owns;
  }

  /** Environment variable with the secret's ARN, for the client package. */
  public get environment(): { [name: string]: string } {
    return { [Env.SECRET_ARN]: this.secret.secretArn };
  }

  /**
   * Allows the grantee to read this secret, and to decrypt with its key for this secret only.
   *
   * For a grantee of another account (a role, an `iam.AccountPrincipal`) or an `iam.OrganizationPrincipal`, statements
   * are also added to the resource policy of the secret and to the key policy. The key must be a customer managed key.
   * The reader's own policy must allow both too. If this app creates the role in the other account, it is added there,
   * which requires a secret with a name (`naming`); otherwise the other account must add it. The role need not exist
   * yet.
   *
   * @throws if the key policy cannot admit the reader, if everyone would be admitted, or if the secret is read only
   * through the endpoint (`denyReadsOutsideEndpoint`)
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
   * Replicates the secret to another Region. The primary secret, its value and its rotation do not change.
   *
   * @param region another Region of the same partition
   * @param encryptionKey a KMS key of that Region
   * @throws if the Region is the secret's own, or the key is in another Region
   */
  public addReplica(region: string, encryptionKey: kms.IKey): SecretReplica {
    return SecretReplica._of(this, this.secret, region, encryptionKey);
  }

  /**
   * Always throws: a user with a password cannot log in through IAM, because RDS refuses the password of a member of
   * `rds_iam`. Use an `IamDatabaseUser`, or `grantRead` or `wire` of this user.
   *
   * @throws always
   */
  public grantConnect(_grantee: iam.IGrantable): iam.Grant {
    return fail(
      this,
      `'grantConnect' is for users without a password, and '${this.username}' has one: a login through ` +
        'IAM requires membership' +
        ' in rds_iam, with which RDS refuses the password. Create an IamDatabaseUser for the grantee, or use ' +
        "'grantRead' or 'wire'",
    );
  }

  /**
   * Connects a consumer with this user. It calls `grantRead`, adds security group rules to the database and to Secrets
   * Manager, and sets `environment`. The consumer is deployed after the user and the schedule that rotates its
   * password.
   *
   * The security group rules are in the consumer's stack, so that the database's stack never depends on it.
   *
   * @param consumer a Lambda function, an ECS service, an EC2 instance, or any other construct with security groups
   * (`ec2.IConnectable`) and a role (`iam.IGrantable`). For a consumer without environment variables, such as an EC2
   * instance, pass `environment` to the program in another way.
   * @throws if the consumer is in another account or Region, has no security group or no role, or already has the same
   * environment variable for another user
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
   * Creates the user in the database, and rotates its password, only after these constructs, for example after a
   * migration that creates the schemas that the user reads. The secret does not wait for them. With
   * `node.addDependency`, the secret would wait too, and with it all other users whose secrets are served by the same
   * functions.
   */
  public createAfter(...prerequisites: IDependable[]): void {
    after(this.resource, prerequisites);
  }

  /**
   * Rotates the user's password on a schedule, once the user exists.
   *
   * @throws if the function is in another stack than the user and its database, and the database's host is a token:
   * each stack would have to be deployed before the other
   */
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

  /** Lets the revocation function revoke the user's credential. */
  public addRevocation(revocationFunction: RevocationFunction): void {
    const access = SecretAccessPolicy.of(this, revocationFunction.role);
    access.allow(this.secret, REVOKE);
    access.allow(this.provider.database.adminSecret, LOG_IN);
  }
}
