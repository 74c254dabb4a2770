import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, IDependable } from 'constructs';
import { IPostgresDatabase } from './database';
import { VpcFunction } from './private/vpc-function';
import { SecretsManagerEndpoint } from './secrets-manager-endpoint';

/** Properties of a `RotationFunction`. */
export interface RotationFunctionProps {
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
      ...props, bundle: 'rotation', description: 'Rotation of PostgreSQL credentials',
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
