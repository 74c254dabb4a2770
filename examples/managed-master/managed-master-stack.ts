import { CfnOutput, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { DatabaseSource, RotatingPostgres } from '../../src';
import { companyVpc } from '../company';

export interface ManagedMasterStackProps extends StackProps {
  /** `DESTROY` lets the database go with the stack; by default it stays. */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Amazon RDS manages the master user's password; the application's user alternates between two logins, by the admin
 * that RDS keeps.
 */
export class ManagedMasterStack extends Stack {
  constructor(scope: Construct, id: string, { removalPolicy, ...props }: ManagedMasterStackProps = {}) {
    super(scope, id, props);

    const vpc = companyVpc(this, removalPolicy);

    const db = new RotatingPostgres(this, 'Orders', {
      vpc,
      removalPolicy,
      database: DatabaseSource.instance({ managedAdminPassword: true }),
    });

    new CfnOutput(this, 'SecretArn', { value: db.secret.secretArn });
    new CfnOutput(this, 'AdminSecretArn', { value: db.adminSecret.secretArn });
    new CfnOutput(this, 'Host', { value: db.database.host });
    new CfnOutput(this, 'Port', { value: db.database.port });
    new CfnOutput(this, 'RotationFunctionName', { value: db.rotationFunction.function.functionName });
  }
}
