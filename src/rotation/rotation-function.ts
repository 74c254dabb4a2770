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

/** Lambda's limit of all variables together, in bytes, and what is kept of it for the other ones. */
const ENVIRONMENT_LIMIT = 4_096;
const OTHER_VARIABLES = 512;

/** How a `RotationFunction` works. */
export interface RotationFunctionOptions extends PasswordChangeOptions {
  /**
   * How long the login that a rotation of alternating users replaced still takes new connections, in whole seconds;
   * zero: not at all. Shorter is safer once a password has leaked, but a consumer that holds on to a credential for
   * longer is refused.
   * @default - until the next rotation
   */
  readonly retireAfter?: Duration;
  /**
   * Whether the sessions of an alternating user's login end when it gets a new password, and with `retireAfter` zero
   * when it retires. Without, a session that was opened with an old password lives on; with it, a query that still runs
   * there fails.
   * @default false
   */
  readonly terminateSessions?: boolean;
  /**
   * How long a deployment waits for the first rotation of a secret that this function begins to rotate, from 1 to 14
   * minutes, and then fails.
   * @default Duration.minutes(10)
   */
  readonly firstRotationTimeout?: Duration;
}

/** Properties of a `RotationFunction`. */
export interface RotationFunctionProps extends RotationFunctionOptions {
  /** VPC that the function runs in: the databases'. */
  readonly vpc: ec2.IVpc;
  /**
   * Database whose users the function gives new passwords.
   * @default - those of the users that are given this function, and of `addDatabase`
   */
  readonly database?: IPostgresDatabase;
  /**
   * The way to Secrets Manager.
   * @default - the VPC's endpoint, made when the app has none; in an imported VPC none is made
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}

/**
 * The function that Secrets Manager calls to rotate a secret. It serves as many secrets, of as many databases of its
 * VPC, as it is given: `RotatingPostgres` takes it as `rotationFunction`, a `DatabaseUser` by `addRotation`.
 *
 * What it may do is exactly what these secrets need. At synthesis it is an error where that passes a quota: the
 * policies of one role have room for some 30 users of one database, or 18 databases with one user each that share a
 * key, Lambda's environment for about 30 databases.
 */
export class RotationFunction extends Construct {
  /** The function itself. */
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
    serversOf(this, [], props.furtherServers); // refuses a wrong one here, and not when the template is written
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
    // One statement for all secrets of the account: AWS documents that Secrets Manager sends the source account, not an
    // ARN.
    this.function.addPermission('SecretsManager', {
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: this.function.stack.account,
    });
  }

  /**
   * Lets the function work on one more database: network rules both ways, and the server among those that it may log in
   * to. A user of that database that is given this function does so by itself.
   *
   * The function names the host of each of its databases, and each of their schedules names the function. So they stand
   * in one stack, unless the host is written out, as of an imported database.
   */
  public addDatabase(database: IPostgresDatabase): void {
    if (this.databases.includes(database)) return;
    this.databases.push(database);
    this.inVpc.reach(database);
  }

  /** Role of the function; who schedules a rotation allows it the secret. */
  public get role(): iam.IRole {
    return this.inVpc.role;
  }

  /**
   * What must exist before a secret can be rotated, the invoke permission included.
   *
   * @internal
   */
  public get _prerequisites(): IDependable[] {
    return this.inVpc.prerequisites;
  }

  /**
   * Adds the database of a user whose schedule names this function.
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
      `'firstRotationTimeout' is ${timeout.toHumanString()} and must be from 1 to 14 minutes, for a function has 15`,
    );
  }
}
