import { CfnOutput, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { AuroraCapacity, DatabaseSource, RotatingPostgres } from '../../src';
import { companyVpc } from '../company';

export interface AuroraStackProps extends StackProps {
  /** `DESTROY` lets the database go with the stack; by default it stays. */
  readonly removalPolicy?: RemovalPolicy;
}

/** An Aurora PostgreSQL cluster on Serverless v2, with a writer and two readers. */
export class AuroraStack extends Stack {
  constructor(scope: Construct, id: string, { removalPolicy, ...props }: AuroraStackProps = {}) {
    super(scope, id, props);

    const vpc = companyVpc(this, removalPolicy);

    const db = new RotatingPostgres(this, 'Orders', {
      vpc,
      removalPolicy,
      database: DatabaseSource.aurora({
        version: '17',
        readers: 2,
        capacity: AuroraCapacity.serverlessV2({ minimum: 1, maximum: 16 }),
      }),
    });

    new CfnOutput(this, 'SecretArn', { value: db.secret.secretArn });
    new CfnOutput(this, 'AdminSecretArn', { value: db.adminSecret.secretArn });
    new CfnOutput(this, 'Host', { value: db.database.host });
    new CfnOutput(this, 'ReaderHost', { value: db.database.readerHost! });
    new CfnOutput(this, 'Port', { value: db.database.port });
    new CfnOutput(this, 'RotationFunctionName', { value: db.rotationFunction.function.functionName });
  }
}
