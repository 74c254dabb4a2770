import { Duration, Lazy, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IConstruct, IDependable } from 'constructs';
import { Env } from '../contract';
import { passwordChangeEnvironment, PasswordChangeOptions } from './password-change-options';
import { IPostgresDatabase } from '../database/postgres-database';
import { serversOf } from '../database/secret-binding';
import { flag } from '../function/connection-options';
import { VpcFunction } from '../function/vpc-function';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { deployedLength } from '../private/deployed-length';
import { fail } from '../private/errors';

/**
 * Lambda's limit for all environment variables together, in bytes, and the part reserved for variables other than the
 * servers.
 */
const ENVIRONMENT_LIMIT = 4_096;
const OTHER_VARIABLES = 512;

/** Options of a `RotationFunction`. */
export interface RotationFunctionOptions extends PasswordChangeOptions {
  /**
   * Grace period: how long the login that a rotation of alternating users replaced can still open new connections, in
   * whole seconds. Zero means not at all. A short period limits the damage of a leaked password, but a consumer that
   * keeps a credential for longer is refused. It has no effect on a single user.
   * @default - until the next rotation
   */
  readonly retireAfter?: Duration;
  /**
   * Whether to end the sessions of an alternating user's login when that login gets a new password, and, if
   * `retireAfter` is zero, when it is retired. If false, a session that was opened with an old password stays open. If
   * true, a query that is running in such a session fails. It has no effect on a single user.
   * @default false
   */
  readonly terminateSessions?: boolean;
  /**
   * How long a deployment waits for the first rotation of each new secret before it fails, 1 to 14 minutes: the waiting
   * function itself has a timeout of 15 minutes.
   * @default Duration.minutes(10)
   */
  readonly firstRotationTimeout?: Duration;
}

/** Properties of a `RotationFunction`. */
export interface RotationFunctionProps extends RotationFunctionOptions {
  /** VPC of the databases, in which the function runs. */
  readonly vpc: ec2.IVpc;
  /**
   * First database that the function serves.
   * @default - the databases of the users that are added to this function, and those of `addDatabase`
   */
  readonly database?: IPostgresDatabase;
  /**
   * How the function reaches Secrets Manager.
   * @default - the VPC's interface endpoint, which is created if the app has none; in an imported VPC none is created
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}

/**
 * The Lambda function that Secrets Manager invokes to rotate secrets. One function can serve many secrets of many
 * databases in its VPC: pass it to `RotatingPostgres` as `rotationFunction`, or to `DatabaseUser.addRotation`.
 *
 * Its permissions are limited to these secrets. Synthesis fails if they exceed a quota: the inline policies of one role
 * (10,240 characters) suffice for about 30 users of one database, or 18 databases with one user each and a common key;
 * Lambda's environment (4,096 bytes) suffices for about 30 databases.
 */
export class RotationFunction extends Construct {
  /** The Lambda function. */
  public readonly function: lambda.Function;
  private readonly inVpc: VpcFunction;
  private readonly databases: IPostgresDatabase[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RotationFunctionProps,
  ) {
    super(scope, id);
    checkTimeout(this, this._firstRotationTimeout);
    // refuses a malformed server here, and not only when the template is written
    serversOf(this, [], props.furtherServers);
    this.inVpc = new VpcFunction(this, 'InVpc', {
      ...props,
      bundle: 'rotation',
      description: 'Rotation of PostgreSQL credentials',
      environment: {
        [Env.SERVERS]: Lazy.string({ produce: () => this.servers }),
        ...passwordChangeEnvironment(this, props),
        [Env.RETIRE_AFTER]: props.retireAfter?.toSeconds().toString(),
        [Env.TERMINATE_SESSIONS]: flag(props.terminateSessions),
      },
    });
    this.function = this.inVpc.function;
    if (props.database) this.databases.push(props.database);
    this.node.addValidation({ validate: () => this.wrongServers() });
    // One statement for all secrets of the account: AWS documents that Secrets Manager sends the source account, and
    // documents no source ARN.
    this.function.addPermission('SecretsManager', {
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: this.function.stack.account,
    });
  }

  /**
   * Lets the function serve another database: adds the network rules between both, and allows logins to its server.
   * `DatabaseUser.addRotation` calls it automatically.
   *
   * The function's environment contains the host of each database, and each rotation schedule refers to the function.
   * So function, databases and schedules must be in one stack, unless the host is a literal, as that of an imported
   * database.
   */
  public addDatabase(database: IPostgresDatabase): void {
    if (this.databases.includes(database)) return;
    this.databases.push(database);
    this.inVpc.reach(database);
  }

  /** Role of the function. A `ScheduledRotation` allows it to use its secret. */
  public get role(): iam.IRole {
    return this.inVpc.role;
  }

  /**
   * The constructs that must exist before a secret can be rotated, including the invoke permission.
   *
   * @internal
   */
  public get _prerequisites(): IDependable[] {
    return this.inVpc.prerequisites;
  }

  /**
   * Adds the database of a user whose schedule uses this function.
   *
   * @internal
   */
  public _serve(user: IConstruct, database: IPostgresDatabase): void {
    const stack = Stack.of(user);
    if (stack !== Stack.of(this) && stack === Stack.of(database) && Token.isUnresolved(database.host)) {
      fail(
        user,
        `its rotation function (${this.node.path}) is in another stack, '${Stack.of(this).node.path}': the ` +
          'function names the host of the database,' +
          ' and the schedule here names the function, so that each stack would have to be deployed before the other.' +
          ' Make one RotationFunction per stack, for the databases of that stack',
      );
    }
    this.addDatabase(database);
  }

  /**
   * How long a deployment waits for a first rotation.
   *
   * @internal
   */
  public get _firstRotationTimeout(): Duration {
    return this.props.firstRotationTimeout ?? Duration.minutes(10);
  }

  private get servers(): string {
    return serversOf(this, this.databases, this.props.furtherServers);
  }

  private wrongServers(): string[] {
    if (this.servers === '') {
      return ["it has no database, so that it could rotate nothing; give it one as 'database' or by addDatabase()"];
    }
    const length = deployedLength(this.servers);
    if (length <= ENVIRONMENT_LIMIT - OTHER_VARIABLES) return [];
    return [
      `it has ${this.databases.length} databases, whose hosts may take ${length} of the ` +
        `${ENVIRONMENT_LIMIT} bytes of a function's environment;` +
        ' give some of them to another RotationFunction',
    ];
  }
}

function checkTimeout(scope: IConstruct, timeout: Duration): void {
  if (timeout.isUnresolved()) {
    fail(scope, "'firstRotationTimeout' is a token, but the custom resource's own time depends on it; write a literal");
  }
  const minutes = timeout.toMinutes({ integral: false });
  if (minutes < 1 || minutes > 14) {
    fail(
      scope,
      `'firstRotationTimeout' is ${timeout.toHumanString()} and must be from 1 to 14 minutes: its function has 15`,
    );
  }
}
