import { CfnOutput, Duration, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { PostgresDatabase, RotatingPostgres } from '../../src';
import { accept, companyVpc } from '../company';

export interface AdoptedDatabaseStackProps extends StackProps {
  /** `DESTROY` lets the database go with the stack; by default it stays. */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A database that has been there for years gets a user whose password rotates, and its admin's password rotates with
 * it.
 */
export class AdoptedDatabaseStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { removalPolicy = RemovalPolicy.RETAIN, ...props }: AdoptedDatabaseStackProps = {},
  ) {
    super(scope, id, props);

    const vpc = companyVpc(this, removalPolicy);

    // What was there before. Not one of its properties changes.
    const encryptionKey = new kms.Key(this, 'LegacyKey', { enableKeyRotation: true, removalPolicy });
    const instance = new rds.DatabaseInstance(this, 'Legacy', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('17.9', '17') }),
      credentials: rds.Credentials.fromGeneratedSecret('legacy_admin', { encryptionKey }),
      databaseName: 'orders',
      port: 5433,
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
      multiAz: true,
      storageEncryptionKey: encryptionKey,
      iamAuthentication: true,
      enablePerformanceInsights: true,
      performanceInsightEncryptionKey: encryptionKey,
      cloudwatchLogsExports: ['postgresql', 'upgrade'],
      backupRetention: Duration.days(7),
      copyTagsToSnapshot: true,
      deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
      removalPolicy,
    });
    accept(
      instance,
      'It was like this before.',
      'CKV_AWS_118',
      ...(removalPolicy === RemovalPolicy.DESTROY ? ['AwsSolutions-RDS10'] : []),
    );

    // The secret of the admin is the one that the instance has; of an imported database it is named as `adminSecret`.
    const database = PostgresDatabase.fromInstance(this, 'LegacyDatabase', instance, { databaseName: 'orders' });
    const db = RotatingPostgres.adopt(this, 'Orders', {
      vpc,
      database,
      username: 'orders_service',
      rotateAdmin: true,
      removalPolicy,
    });

    new CfnOutput(this, 'SecretArn', { value: db.secret.secretArn });
    new CfnOutput(this, 'AdminSecretArn', { value: db.adminSecret.secretArn });
    new CfnOutput(this, 'Host', { value: db.database.host });
    new CfnOutput(this, 'Port', { value: db.database.port });
    new CfnOutput(this, 'RotationFunctionName', { value: db.rotationFunction.function.functionName });
  }
}
