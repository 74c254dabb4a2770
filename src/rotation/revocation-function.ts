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
  /** VPC that the function runs in: the database's. */
  readonly vpc: ec2.IVpc;
  /** Database whose users may be revoked. */
  readonly database: IPostgresDatabase;
  /**
   * The way to Secrets Manager.
   * @default - the VPC's endpoint, made when the app has none; in an imported VPC none is made
   */
  readonly secretsManagerEndpoint?: SecretsManagerEndpoint;
}

/**
 * For a credential that has leaked: invoked with `{ "SecretId": "<ARN>" }`, the function shuts the user's logins, ends
 * their sessions and publishes a new password. Applications fail until they read it.
 *
 * It serves each `DatabaseUser` that is given it by `addRevocation`. Nothing invokes it by itself.
 */
export class RevocationFunction extends Construct {
  /** The function itself. */
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

  /** Role of the function; a user allows it the user's secret. */
  public get role(): iam.IRole {
    return this.inVpc.role;
  }

  /** Allows the grantee to revoke the credentials of every user that this function serves. */
  public grantRevoke(grantee: iam.IGrantable): iam.Grant {
    // Not the L2's grant, which includes every version and alias.
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [this.function.functionArn],
    });
  }
}
