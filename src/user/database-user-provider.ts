import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IDependable } from 'constructs';
import { IDatabaseUser } from './database-user-interface';
import { IPostgresDatabase } from '../database/postgres-database';
import { connectionEnvironment, ConnectionOptions } from '../function/connection-options';
import { ProviderFramework } from '../function/provider-framework';
import { SecretAccessPolicy } from '../function/secret-access-policy';
import { VpcFunction } from '../function/vpc-function';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { fail } from '../private/errors';
import { LOG_IN } from '../private/secret-access';

/** Properties of a `DatabaseUserProvider`. */
export interface DatabaseUserProviderProps extends ConnectionOptions {
  /** VPC of the database, in which the function runs. */
  readonly vpc: ec2.IVpc;
  /** Database in which users are created. */
  readonly database: IPostgresDatabase;
  /**
   * How the function reaches Secrets Manager.
   * @default - the VPC's interface endpoint, which is created if the app has none; in an imported VPC none is created
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}

/**
 * Creates users in a database during a deployment. One provider serves all users of a database.
 *
 * The function in the VPC never calls CloudFormation, whose response URL it could not reach: the function of CDK's
 * provider framework, outside the VPC, invokes it and sends the response.
 */
export class DatabaseUserProvider extends Construct {
  /** Database in which users are created. */
  public readonly database: IPostgresDatabase;
  /** The Lambda function in the VPC. */
  public readonly function: lambda.Function;
  /** Service token of the custom resource. */
  public readonly serviceToken: string;
  private readonly inVpc: VpcFunction;
  private readonly prerequisites: IDependable[];
  private readonly users: IDatabaseUser[] = [];
  private readonly owners = new Map<string, IDatabaseUser>();

  constructor(scope: Construct, id: string, props: DatabaseUserProviderProps) {
    super(scope, id);
    this.database = props.database;
    this.inVpc = new VpcFunction(this, 'InVpc', {
      ...props,
      bundle: 'database-user',
      description: 'Creation of PostgreSQL users',
      environment: connectionEnvironment(props),
    });
    this.function = this.inVpc.function;
    const access = SecretAccessPolicy.of(this, this.inVpc.role);
    access.allow(props.database.adminSecret, LOG_IN);
    const framework = new ProviderFramework(this, 'Framework', this.inVpc.function);
    this.serviceToken = framework.serviceToken;
    this.prerequisites = [...this.inVpc.prerequisites, props.database, access, framework];
  }

  /** Role of the function in the VPC. Each `DatabaseUser` allows it to use the user's secret. */
  public get role(): iam.IRole {
    return this.inVpc.role;
  }

  /**
   * The constructs that must exist before a user can be created, and until it is deleted.
   *
   * @internal
   */
  public get _prerequisites(): IDependable[] {
    return this.prerequisites;
  }

  /**
   * The Secrets Manager endpoint that consumers of the users use too.
   *
   * @internal
   */
  public get _endpoint(): SecretsManagerEndpoint | undefined {
    return this.inVpc.secretsManagerEndpoint;
  }

  /**
   * Registers a user and the databases that it owns. Two users of the same name, or two owners of a database, would
   * undo each other's changes.
   *
   * @internal
   */
  public _add(user: IDatabaseUser, owned: string[]): void {
    const same = this.users.find(({ username }) => username === user.username);
    if (same) fail(user, `'username' is '${user.username}', which ${same.node.path} has already; choose another`);
    this.users.push(user);
    for (const database of owned) {
      const owner = this.owners.get(database);
      if (owner) {
        fail(
          user,
          `'privileges' make '${user.username}' the owner of '${database}', which ${owner.node.path} is ` +
            'already; a database has one owner:' +
            ' choose Privileges.readWrite({ owner: … }), Privileges.readOnly({ owner: … }) or Privileges.connect()',
        );
      }
      this.owners.set(database, user);
    }
  }
}
