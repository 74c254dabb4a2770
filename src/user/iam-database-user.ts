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
  /** Creates the user in the database. */
  readonly provider: DatabaseUserProvider;
  /** Name of the user in PostgreSQL: letters, digits and `_.@+=,-`, at most 63. */
  readonly username: string;
  /**
   * What the user may do.
   * @default Privileges.connect()
   */
  readonly privileges?: Privileges;
}

/**
 * A user without a password: it logs in by a token that AWS IAM signs for the grantee, and that is valid for 15
 * minutes. There is nothing to rotate. AWS advises it for fewer than 200 new connections per second, so with a pool.
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
        `the database (${this.database.node.path}) takes no login through IAM, or is imported` +
          " without its 'resourceId', of which the permission is made; name it, switch IAM authentication on, " +
          'or make a DatabaseUser, with a password',
      );
    this.resource = new UserResource(this, 'Resource', {
      ...props,
      user: this,
      privileges: props.privileges ?? Privileges.connect(),
      own: { authentication: 'iam' },
    });
  }

  /** The variables that PostgreSQL's own and many other clients read: host, port, database and user. */
  public get environment(): { [name: string]: string } {
    const { host, port, databaseName } = this.database;
    return { PGHOST: host, PGPORT: port, PGDATABASE: databaseName, PGUSER: this.username };
  }

  /** Allows the grantee to log in as this user of this database, and as nobody else (`rds-db:connect`). */
  public grantConnect(grantee: iam.IGrantable): iam.Grant {
    const arn = connectArn(this.database, this.resourceId, this.username);
    return iam.Grant.addToPrincipal({ grantee, actions: ['rds-db:connect'], resourceArns: [arn] });
  }

  /**
   * Gives a consumer all that it needs to log in: `grantConnect`, the database's port both ways, and `environment`; and
   * makes it wait for the user. The program signs a token for each connection (the `Signer` of `@aws-sdk/rds-signer`)
   * and connects by TLS.
   *
   * @param consumer as of `DatabaseUser.wire`
   */
  public wire(consumer: IConstruct, options: WireOptions = {}): void {
    wire(consumer, this, { ...options, grant: grantee => this.grantConnect(grantee), ready: this.resource });
  }
}
