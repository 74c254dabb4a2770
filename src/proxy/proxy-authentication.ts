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

/** The properties of a proxy that depend on its authentication. */
interface ProxySetUp {
  /** The permissions that the proxy needs to log in to the database. */
  readonly statements: iam.PolicyStatement[];
  readonly auth?: rds.CfnDBProxy.AuthFormatProperty[];
  /** The secrets that the proxy reads, with its own role and from outside the VPC. */
  readonly secrets?: secretsmanager.ISecret[];
  /** The lowest supported aws-cdk-lib does not have this property. */
  readonly defaultAuthScheme?: string;
}

/** How clients log in to a `DatabaseProxy`, and how the proxy logs in to the database. */
export class ProxyAuthentication {
  /**
   * IAM authentication from end to end: clients log in to the proxy with a token, and the proxy logs in to the database
   * as the same user with a token of its own. There is no secret, and nothing to rotate.
   *
   * @param users the users that may log in through the proxy
   */
  public static iam(users: IamDatabaseUser[]): ProxyAuthentication {
    return new ProxyAuthentication('iam', users, (_, database) => ({
      statements: [
        new iam.PolicyStatement({
          actions: ['rds-db:connect'],
          // An IAM user exists only if the database has a resource id.
          resources: users.map(({ username }) => connectArn(database, database.resourceId!, username)),
        }),
      ],
      defaultAuthScheme: 'IAM_AUTH',
    }));
  }

  /**
   * Password authentication, with one secret for each login. The proxy knows only the logins that the secrets hold at
   * the moment, so that each user must have one login: `RotationStrategy.SINGLE_USER`.
   *
   * @param users the users that may log in through the proxy. Their passwords are rotated at the database, without the
   * proxy.
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
