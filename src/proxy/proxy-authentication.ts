import * as iam from 'aws-cdk-lib/aws-iam';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { connectArn } from '../access/connect-arn';
import { RotationStrategy } from '../access/rotation-strategy';
import { WHY_NOT_ALTERNATING } from '../database/alternating-behind-proxy';
import { IPostgresDatabase } from '../database/postgres-database';
import { fail } from '../private/errors';
import { LOG_IN, statements } from '../private/secret-access';
import { DatabaseUser } from '../user/database-user';
import { IDatabaseUser } from '../user/database-user-interface';
import { IamDatabaseUser } from '../user/iam-database-user';

/** How a proxy is set up for its users. */
interface ProxySetUp {
  /** What the proxy may do to log in to the database. */
  readonly statements: iam.PolicyStatement[];
  readonly auth?: rds.CfnDBProxy.AuthFormatProperty[];
  /** What the proxy reads, by its own role and from outside the VPC. */
  readonly secrets?: secretsmanager.ISecret[];
  /** The lowest supported aws-cdk-lib does not know this property. */
  readonly defaultAuthScheme?: string;
}

/** How clients log in to a `DatabaseProxy`, and how it logs in to the database. */
export class ProxyAuthentication {
  /**
   * AWS IAM from end to end: clients log in to the proxy by a token, the proxy to the database as the same user by a
   * token of its own. There is no secret, and nothing to rotate.
   *
   * @param users the users that may log in through the proxy
   */
  public static iam(users: IamDatabaseUser[]): ProxyAuthentication {
    return new ProxyAuthentication('iam', users, (_, database) => ({
      statements: [
        new iam.PolicyStatement({
          actions: ['rds-db:connect'],
          // Without a resource id there would be no such user.
          resources: users.map(({ username }) => connectArn(database, database.resourceId!, username)),
        }),
      ],
      defaultAuthScheme: 'IAM_AUTH',
    }));
  }

  /**
   * By password, one secret per login. The proxy knows the logins that the secrets hold at the moment and no other: so
   * each must be of a user that has one login, which means `RotationStrategy.SINGLE_USER`.
   *
   * @param users the users that may log in through the proxy; their passwords are rotated at the database, past the
   * proxy
   */
  public static secrets(users: DatabaseUser[]): ProxyAuthentication {
    return new ProxyAuthentication('secrets', users, scope => {
      const alternating = users.find(user => user.strategy === RotationStrategy.ALTERNATING_USERS);
      if (alternating) {
        fail(scope, `'authentication' has the user ${alternating.node.path}, which ${WHY_NOT_ALTERNATING}`);
      }
      return {
        statements: users.flatMap(({ secret }) => statements(secret, LOG_IN)),
        secrets: users.map(({ secret }) => secret),
        auth: users.map(({ secret }) => ({
          authScheme: 'SECRETS',
          clientPasswordAuthType: 'POSTGRES_SCRAM_SHA_256',
          iamAuth: 'DISABLED',
          secretArn: secret.secretArn,
        })),
      };
    });
  }

  private constructor(
    private readonly factory: string,
    private readonly users: IDatabaseUser[],
    private readonly setUp: (scope: IConstruct, database: IPostgresDatabase) => ProxySetUp,
  ) {}

  /** @internal */
  public _setUp(scope: IConstruct, database: IPostgresDatabase): ProxySetUp {
    if (this.users.length === 0) {
      fail(
        scope,
        `'authentication' is ProxyAuthentication.${this.factory}([]), so that nobody could log in; name a user`,
      );
    }
    const stranger = this.users.find(user => user.database !== database);
    if (stranger) {
      fail(
        scope,
        `'authentication' has the user ${stranger.node.path} of another database (${stranger.database.node.path});` +
          ` name users of ${database.node.path}`,
      );
    }
    return this.setUp(scope, database);
  }
}
