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

/** A PostgreSQL database whose passwords nobody knows and which change by themselves. */
export class RotatingPostgres extends Construct implements ec2.IConnectable {
  /**
   * The same around a database that is there already. Not a property of it changes: what its security groups need is
   * rules of their own, and the stack it is in comes to depend on nothing.
   */
  public static adopt(scope: Construct, id: string, props: AdoptProps): RotatingPostgres {
    const { database, rotateAdmin } = props;
    return new RotatingPostgres(scope, id, { ...props, database: DatabaseSource.existing(database, { rotateAdmin }) });
  }

  /** Key that encrypts the secrets, and a new database. */
  public readonly encryptionKey: kms.IKey;
  /** The database. */
  public readonly database: IPostgresDatabase;
  /** The function that rotates the secrets. */
  public readonly rotationFunction: RotationFunction;
  /** Creates users in the database. */
  public readonly userProvider: DatabaseUserProvider;
  /** The application's user. */
  public readonly user: DatabaseUser;
  /** Alarms and notifications. */
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

    // Who depends on this waits for the user and its schedule, but not for the rules that admit consumers, its own
    // perhaps among them.
    Dependable.implement(this, { dependencyRoots: [database, this.user] });
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

  /**
   * Allows the grantee to read the application's secret, and to decrypt with its key for this secret only; see
   * `DatabaseUser.grantRead`.
   */
  public grantRead(grantee: iam.IGrantable, options: ReadOptions = {}): iam.Grant {
    return this.user.grantRead(grantee, options);
  }

  /** Gives a consumer all that it needs to log in as the application's user; see `DatabaseUser.wire`. */
  public wire(consumer: IConstruct, options: WireOptions = {}): void {
    this.user.wire(consumer, options);
  }

  /**
   * Adds a user with a secret of its own, `Environment/Application/database_<user name>`, rotated and watched as the
   * application's user is.
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
   * Adds a user without a password, who logs in through AWS IAM: whoever `grantConnect` or `wire` of the user allows
   * to.
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
   * Allows the grantee to revoke the credential of any user with a password once it has leaked; the first call makes
   * the function that does so.
   */
  public grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return this.revocationFunction.grantRevoke(grantee);
  }

  /**
   * Revokes credentials. It is made when it is first asked for, and serves the application's user and those of
   * `addUser`.
   */
  public get revocationFunction(): RevocationFunction {
    return (this.revocation ??= this.makeRevocationFunction());
  }

  private provideDatabase() {
    const { vpc, naming, guard, removalPolicy, databaseName, database = DatabaseSource.instance() } = this.props;
    const { encryptionKey } = this;
    return database._provide(this, { vpc, encryptionKey, naming, guard, removalPolicy, databaseName });
  }

  /** What every function that logs in to the database is told. */
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
    rotation.node.addDependency(this.user); // not while the admin creates the user
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
   * What a further user takes over from here. Where the application's user owns nothing by itself, an owner has to be
   * named.
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
