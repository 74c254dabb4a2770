import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, IConstruct } from 'constructs';
import { IDatabaseUser } from './database-user-interface';
import { DatabaseUserOptions } from './database-user-options';
import { DatabaseUserProvider } from './database-user-provider';
import { Privileges } from './privileges';
import { UserResource } from './user-resource';
import { validIamUsername } from './username';
import { wire } from './wire';
import { WireOptions } from './wire-options';
import { connectArn } from '../access/connect-arn';
import { IPostgresDatabase } from '../database/postgres-database';
import { fail } from '../private/errors';

/** Properties of an `IamDatabaseUser`. */
export interface IamDatabaseUserProps extends DatabaseUserOptions {
  /** The provider that creates the user in the database. */
  readonly provider: DatabaseUserProvider;
  /**
   * Name of the user in PostgreSQL: letters, digits and `_.@+=,-`, at most 63 characters. It must not end in `_clone`,
   * begin with `pg_` or `rds_`, or be `postgres` or `rdsadmin`.
   */
  readonly username: string;
  /**
   * Privileges of the user.
   * @default Privileges.connect()
   */
  readonly privileges?: Privileges;
}

/**
 * A user without a password. It logs in with a token that the grantee signs with its AWS credentials and that is valid
 * for 15 minutes. There is nothing to rotate.
 *
 * AWS recommends IAM authentication for fewer than 200 new connections per second, so use a connection pool.
 */
export class IamDatabaseUser extends Construct implements IDatabaseUser {
  /** Name of the user in PostgreSQL. */
  public readonly username: string;
  /** The database that the user connects to. */
  public readonly database: IPostgresDatabase;
  private readonly resource: UserResource;
  private readonly resourceId: string;

  constructor(scope: Construct, id: string, props: IamDatabaseUserProps) {
    super(scope, id);
    this.database = props.provider.database;
    this.username = validIamUsername(this, props.username);
    this.resourceId =
      this.database.resourceId ??
      fail(
        this,
        `the database (${this.database.node.path}) does not accept logins through IAM, or was imported` +
          " without its 'resourceId', which the permission needs; give its 'resourceId', enable IAM " +
          'authentication, or create a DatabaseUser, which has a password',
      );
    this.resource = new UserResource(this, 'Resource', {
      ...props,
      user: this,
      privileges: props.privileges ?? Privileges.connect(),
      own: { authentication: 'iam' },
    });
  }

  /** Environment variables that libpq and many other clients read: host, port, database and user. */
  public get environment(): { [name: string]: string } {
    const { host, port, databaseName } = this.database;
    return { PGHOST: host, PGPORT: port, PGDATABASE: databaseName, PGUSER: this.username };
  }

  /** Allows the grantee to log in to this database as this user only (`rds-db:connect`). */
  public grantConnect(grantee: iam.IGrantable): iam.Grant {
    const arn = connectArn(this.database, this.resourceId, this.username);
    return iam.Grant.addToPrincipal({ grantee, actions: ['rds-db:connect'], resourceArns: [arn] });
  }

  /**
   * Connects a consumer with this user. It calls `grantConnect`, adds security group rules to the database, and sets
   * `environment`. The consumer is deployed after the user.
   *
   * The program signs a token for each connection (`Signer` of `@aws-sdk/rds-signer`) and connects with TLS.
   *
   * @param consumer the same kinds of constructs as for `DatabaseUser.wire`
   */
  public wire(consumer: IConstruct, options: WireOptions = {}): void {
    wire(consumer, this, { ...options, grant: grantee => this.grantConnect(grantee), ready: this.resource });
  }
}
