import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, Dependable, IConstruct } from 'constructs';
import { ReadOptions } from './access/read-options';
import { EncryptionKey } from './database/encryption-key';
import { IPostgresDatabase } from './database/postgres-database';
import { DatabaseSource } from './database-source';
import { AdoptProps, checkRotation, RotatingPostgresProps } from './rotating-postgres-props';
import { RevocationFunction } from './rotation/revocation-function';
import { RotationFunction } from './rotation/rotation-function';
import { RotationMonitoring } from './rotation/rotation-monitoring';
import { ScheduledRotation } from './rotation/scheduled-rotation';
import { AddIamUserOptions, AddUserOptions } from './user/added-user-options';
import { DatabaseUser } from './user/database-user';
import { DatabaseUserProvider } from './user/database-user-provider';
import { IamDatabaseUser } from './user/iam-database-user';
import { Privileges } from './user/privileges';
import { WireOptions } from './user/wire-options';

/**
 * A PostgreSQL database with a user for an application, whose credentials are generated, rotated and monitored. No
 * person needs to know a password.
 */
export class RotatingPostgres extends Construct implements ec2.IConnectable {
  /**
   * Manages the credentials of an existing database. The resources of the database are not changed: security group
   * rules are separate resources in this stack, and the database's stack does not depend on it.
   */
  public static adopt(scope: Construct, id: string, props: AdoptProps): RotatingPostgres {
    const { database, rotateAdmin } = props;
    return new RotatingPostgres(scope, id, { ...props, database: DatabaseSource.existing(database, { rotateAdmin }) });
  }

  /** KMS key of the secrets and of a new database. */
  public readonly encryptionKey: kms.IKey;
  /** The PostgreSQL database. */
  public readonly database: IPostgresDatabase;
  /** The function that rotates the secrets. */
  public readonly rotationFunction: RotationFunction;
  /** The provider that creates users in the database. */
  public readonly userProvider: DatabaseUserProvider;
  /** The application's user. */
  public readonly user: DatabaseUser;
  /** Alarms and notifications for rotations that fail. */
  public readonly monitoring: RotationMonitoring;

  private readonly users: DatabaseUser[];
  private readonly adminRotation?: ScheduledRotation;
  private revocation?: RevocationFunction;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RotatingPostgresProps,
  ) {
    super(scope, id);
    checkRotation(this, props);
    this.encryptionKey = props.encryptionKey ?? new EncryptionKey(this, 'Key', { removalPolicy: props.removalPolicy });
    const { database, rotatedAdminSecret, privileges } = this.provideDatabase();
    this.database = database;
    this.userProvider = new DatabaseUserProvider(this, 'UserProvider', this.reaching(database));
    this.user = new DatabaseUser(this, 'User', {
      ...props,
      provider: this.userProvider,
      encryptionKey: this.encryptionKey,
      privileges: props.privileges ?? privileges,
    });
    this.users = [this.user];
    this.rotationFunction =
      props.rotationFunction ??
      new RotationFunction(this, 'RotationFunction', { ...props.rotation, ...this.reaching(database) });
    this.user.addRotation(this.rotationFunction, props.schedule);
    if (rotatedAdminSecret) this.adminRotation = this.rotateAdmin();
    this.monitoring = new RotationMonitoring(this, 'Monitoring', {
      rotationFunction: this.rotationFunction,
      secrets: [...(rotatedAdminSecret ? [rotatedAdminSecret] : []), this.user.secret],
      topic: props.notificationTopic,
    });

    // A construct that depends on this one waits for the user and its schedule. It does not wait for the rules that
    // admit consumers, which may be its own.
    Dependable.implement(this, { dependencyRoots: [database, this.user] });
  }

  /** Network connections of the database. The default port is the database's. */
  public get connections(): ec2.Connections {
    return this.database.connections;
  }

  /** Secret of the application's user. */
  public get secret(): secretsmanager.ISecret {
    return this.user.secret;
  }

  /** Secret of the master user. Use it for administration only, never for an application. */
  public get adminSecret(): secretsmanager.ISecret {
    return this.database.adminSecret;
  }

  /**
   * Allows the grantee to read the secret of the application's user, and to decrypt with its key for this secret only.
   * See `DatabaseUser.grantRead`.
   */
  public grantRead(grantee: iam.IGrantable, options: ReadOptions = {}): iam.Grant {
    return this.user.grantRead(grantee, options);
  }

  /**
   * Connects a consumer with the application's user: permissions, network rules, environment and dependency. See
   * `DatabaseUser.wire`.
   */
  public wire(consumer: IConstruct, options: WireOptions = {}): void {
    this.user.wire(consumer, options);
  }

  /**
   * Adds a user with a secret of its own. It is rotated and monitored like the application's user. With `naming`, the
   * secret's name is `Environment/Application/database_<user name>`.
   *
   * @param username name of the user in PostgreSQL; see `DatabaseUserProps.username`
   */
  public addUser(username: string, options: AddUserOptions = {}): DatabaseUser {
    const {
      encryptionKey,
      userProvider: provider,
      props: { naming, guard },
    } = this;
    const user = new DatabaseUser(this, `User-${username}`, {
      ...options,
      ...this.added(options),
      encryptionKey,
      provider,
      naming,
      guard,
      username,
    });
    user.addRotation(this.rotationFunction, options.schedule ?? this.props.schedule);
    this.adminRotation?.node.addDependency(user);
    if (this.revocation) user.addRevocation(this.revocation);
    this.monitoring.addSecret(user.secret);
    this.users.push(user);
    return user;
  }

  /**
   * Adds a user without a password, which logs in through AWS IAM. `grantConnect` and `wire` of the user allow a
   * principal to log in.
   *
   * @param username name of the user in PostgreSQL; see `IamDatabaseUserProps.username`
   */
  public addIamUser(username: string, options: AddIamUserOptions = {}): IamDatabaseUser {
    const user = new IamDatabaseUser(this, `User-${username}`, {
      ...this.added(options),
      provider: this.userProvider,
      username,
    });
    this.adminRotation?.node.addDependency(user);
    return user;
  }

  /**
   * Allows the grantee to invoke the revocation function after the credential of a user with a password has leaked. The
   * first call creates the function.
   */
  public grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return this.revocationFunction.grantRevoke(grantee);
  }

  /** The revocation function for the application's user and all users of `addUser`. It is created on first use. */
  public get revocationFunction(): RevocationFunction {
    return (this.revocation ??= this.makeRevocationFunction());
  }

  private provideDatabase() {
    const { vpc, naming, guard, removalPolicy, databaseName, database = DatabaseSource.instance() } = this.props;
    const { encryptionKey } = this;
    return database._provide(this, { vpc, encryptionKey, naming, guard, removalPolicy, databaseName });
  }

  /** The common properties of the functions that log in to the database. */
  private reaching(database: IPostgresDatabase) {
    const { vpc, secretsManagerEndpoint } = this.props;
    return { vpc, database, secretsManagerEndpoint };
  }

  private rotateAdmin(): ScheduledRotation {
    const rotation = new ScheduledRotation(this, 'AdminRotation', {
      ...this.props.schedule,
      secret: this.adminSecret,
      rotationFunction: this.rotationFunction,
    });
    rotation.node.addDependency(this.user); // the admin must not be rotated while it creates the user
    return rotation;
  }

  private makeRevocationFunction(): RevocationFunction {
    const made = new RevocationFunction(this, 'RevocationFunction', {
      ...this.props.rotation,
      ...this.reaching(this.database),
    });
    for (const user of this.users) user.addRevocation(made);
    return made;
  }

  /**
   * The properties that an additional user takes from this construct. If the application's user does not own the
   * database, an owner has to be named.
   */
  private added({ privileges = Privileges.connect(), furtherDatabases, removalPolicy }: AddIamUserOptions) {
    const complete = (some: Privileges) => (this.user._ownsDatabase ? some._ownedBy(this.user) : some);
    return {
      privileges: complete(privileges),
      furtherDatabases: furtherDatabases?.map(further => ({ ...further, privileges: complete(further.privileges) })),
      removalPolicy: removalPolicy ?? this.props.removalPolicy,
    };
  }
}
