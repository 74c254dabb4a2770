import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IDependable } from 'constructs';
import { flag } from './connection-options';
import { Env } from '../contract';
import { passwordChangeEnvironment, PasswordChangeOptions } from './password-change-options';
import { IPostgresDatabase } from '../database/postgres-database';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';
import { VpcFunction } from '../private/vpc-function';

/** How a `RotationFunction` works. */
export interface RotationFunctionOptions extends PasswordChangeOptions {
  /**
   * How long the login that a rotation of alternating users replaced still takes new connections, in whole seconds; zero: not at
   * all. Shorter is safer once a password has leaked, but a consumer that holds on to a credential for longer is refused.
   * @default - until the next rotation
   */
  readonly retireAfter?: Duration;
  /**
   * Whether the sessions of an alternating user's login end when it gets a new password, and with `retireAfter` zero when it retires.
   * Without, a session that was opened with an old password lives on; with it, a query that still runs there fails.
   * @default false
   */
  readonly terminateSessions?: boolean;
}

/** Properties of a `RotationFunction`. */
export interface RotationFunctionProps extends RotationFunctionOptions {
  /** VPC that the function runs in: the database's. */
  readonly vpc: ec2.IVpc;
  /** Database whose users the function gives new passwords. */
  readonly database: IPostgresDatabase;
  /**
   * The way to Secrets Manager.
   * @default - the VPC's endpoint, made when the app has none; in an imported VPC none is made
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}

/** The function that Secrets Manager calls to rotate a secret. It serves as many secrets as `ScheduledRotation` gives it. */
export class RotationFunction extends Construct {
  /** The function itself. */
  public readonly function: lambda.Function;
  private readonly inVpc: VpcFunction;

  constructor(scope: Construct, id: string, props: RotationFunctionProps) {
    super(scope, id);
    this.inVpc = new VpcFunction(this, 'InVpc', {
      ...props,
      bundle: 'rotation',
      description: 'Rotation of PostgreSQL credentials',
      environment: {
        ...passwordChangeEnvironment(this, props.database, props),
        [Env.RETIRE_AFTER]: props.retireAfter?.toSeconds().toString(),
        [Env.TERMINATE_SESSIONS]: flag(props.terminateSessions),
      },
    });
    this.function = this.inVpc.function;
    // One statement for all secrets of the account: AWS documents that Secrets Manager sends the source account, not an ARN.
    this.function.addPermission('SecretsManager', {
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: this.function.stack.account,
    });
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
}
