import { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as custom from 'aws-cdk-lib/custom-resources';
import { Construct, IDependable } from 'constructs';
import { IPostgresDatabase } from '../database/postgres-database';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { functionLogGroup, functionRole } from '../private/function-role';
import { LOG_IN, statements } from '../private/secret-access';
import { useCurrentNodejs, VpcFunction } from '../private/vpc-function';
import { connectionEnvironment, ConnectionOptions } from '../rotation/connection-options';

/** Properties of a `DatabaseUserProvider`. */
export interface DatabaseUserProviderProps extends ConnectionOptions {
  /** VPC that the function runs in: the database's. */
  readonly vpc: ec2.IVpc;
  /** Database that gets the users. */
  readonly database: IPostgresDatabase;
  /**
   * The way to Secrets Manager.
   * @default - the VPC's endpoint, made when the app has none; in an imported VPC none is made
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}

/**
 * Creates users in a database while CloudFormation deploys; one serves all users of a database.
 *
 * The function in the VPC never talks to CloudFormation, whose response URL it could not reach: the framework function outside
 * the VPC invokes it and answers.
 */
export class DatabaseUserProvider extends Construct {
  /** Database that gets the users. */
  public readonly database: IPostgresDatabase;
  /** What the custom resource names as its service. */
  public readonly serviceToken: string;
  private readonly inVpc: VpcFunction;
  private readonly prerequisites: IDependable[];

  constructor(scope: Construct, id: string, props: DatabaseUserProviderProps) {
    super(scope, id);
    this.database = props.database;
    this.inVpc = new VpcFunction(this, 'InVpc', {
      ...props, bundle: 'database-user', description: 'Creation of PostgreSQL users', environment: connectionEnvironment(props),
    });
    const adminAccess = new iam.Policy(this, 'AdminAccess', {
      roles: [this.inVpc.role], statements: statements(props.database.adminSecret, LOG_IN),
    });
    const framework = new Framework(this, 'Framework', this.inVpc.function);
    this.serviceToken = framework.serviceToken;
    this.prerequisites = [...this.inVpc.prerequisites, adminAccess, framework];
  }

  /** Role of the function in the VPC; a user allows it the user's secret. */
  public get role(): iam.IRole {
    return this.inVpc.role;
  }

  /**
   * What must exist before a user can be created, and as long as one is to be deleted.
   *
   * @internal
   */
  public get _prerequisites(): IDependable[] {
    return this.prerequisites;
  }
}

/** What aws-cdk-lib calls the mapping from regions to runtimes that it puts into stacks without a fixed region. */
const RUNTIME_MAP = 'LatestNodeRuntimeMap';

/** CDK's provider framework with a role of its own: the one it would make may write to every log group, and invoke every version. */
class Framework extends Construct {
  public readonly serviceToken: string;

  constructor(scope: Construct, id: string, handler: lambda.IFunction) {
    super(scope, id);
    const logGroup = functionLogGroup(this);
    const role = functionRole(this, logGroup, [
      new iam.PolicyStatement({ actions: ['lambda:InvokeFunction', 'lambda:GetFunction'], resources: [handler.functionArn] }),
    ]);
    const others = Stack.of(this).node.tryFindChild(RUNTIME_MAP);
    const provider = new custom.Provider(this, 'Provider', {
      onEventHandler: handler, logGroup, frameworkOnEventRole: role.withoutPolicyUpdates(),
    });
    // The lowest supported aws-cdk-lib chooses Node.js 20 or 18, by a mapping; Lambda soon creates no functions of either.
    useCurrentNodejs(provider.node.findChild('framework-onEvent').node.defaultChild as lambda.CfnFunction);
    if (!others) Stack.of(this).node.tryRemoveChild(RUNTIME_MAP);
    this.serviceToken = provider.serviceToken;
  }
}
