import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { passwordChangeEnvironment, PasswordChangeOptions } from './password-change-options';
import { Env } from '../contract';
import { IPostgresDatabase } from '../database/postgres-database';
import { serversOf } from '../database/secret-binding';
import { VpcFunction } from '../function/vpc-function';
import { SecretsManagerEndpoint } from '../network/secrets-manager-endpoint';

/** Properties of a `RevocationFunction`. */
export interface RevocationFunctionProps extends PasswordChangeOptions {
  /** VPC of the database, in which the function runs. */
  readonly vpc: ec2.IVpc;
  /** Database of the users that the function serves. */
  readonly database: IPostgresDatabase;
  /**
   * How the function reaches Secrets Manager.
   * @default - the VPC's interface endpoint, which is created if the app has none; in an imported VPC none is created
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}

/**
 * A function that revokes a leaked credential. Invoked with `{ "SecretId": "<ARN>" }`, it disables the user's logins
 * (NOLOGIN), ends their sessions and publishes a new password, with which the user can log in again. Applications fail
 * until they read it.
 *
 * It serves each `DatabaseUser` whose `addRevocation` was called with it. Nothing invokes it automatically.
 */
export class RevocationFunction extends Construct {
  /** The Lambda function. */
  public readonly function: lambda.Function;
  private readonly inVpc: VpcFunction;

  constructor(scope: Construct, id: string, props: RevocationFunctionProps) {
    super(scope, id);
    this.inVpc = new VpcFunction(this, 'InVpc', {
      ...props,
      bundle: 'revocation',
      description: 'Revocation of PostgreSQL credentials',
      environment: {
        [Env.SERVERS]: serversOf(this, [props.database], props.furtherServers),
        ...passwordChangeEnvironment(this, props),
      },
    });
    this.function = this.inVpc.function;
  }

  /** Role of the function. `DatabaseUser.addRevocation` allows it to use the user's secret. */
  public get role(): iam.IRole {
    return this.inVpc.role;
  }

  /** Allows the grantee to revoke the credential of every user that this function serves. */
  public grantRevoke(grantee: iam.IGrantable): iam.Grant {
    // The L2's `grantInvoke` would include every version and alias.
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [this.function.functionArn],
    });
  }
}
