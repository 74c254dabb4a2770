import { CfnResource, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { Privileges, RotatingPostgres } from '../../src';
import { accept, companyVpc } from '../company';

export interface ConsumersStackProps extends StackProps {
  /** `DESTROY` lets the database go with the stack; by default it stays. */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * Three consumers of one database, each with a login of its own: an application, reports that only read, and a job
 * without a password.
 */
export class ConsumersStack extends Stack {
  constructor(scope: Construct, id: string, { removalPolicy, ...props }: ConsumersStackProps = {}) {
    super(scope, id, props);

    const vpc = companyVpc(this, removalPolicy, {
      natGateways: 1, // for the image of the service
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC },
        { name: 'Private', subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
        { name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ],
    });

    const db = new RotatingPostgres(this, 'Orders', { vpc, removalPolicy });

    // Owns the database. The program says `rotatingPool()`.
    const orders = functionIn(vpc, this, 'OrdersFunction');
    db.wire(orders);

    // Reads what the application has in this schema, now or later.
    const reports = db.addUser('reports', { privileges: Privileges.readOnly({ schemas: ['public'] }) });
    const reportsLogs = new logs.LogGroup(this, 'ReportsLogs', { removalPolicy });
    accept(reportsLogs, 'CloudWatch Logs encrypts it with its own key.', 'CKV_AWS_158');
    const taskDefinition = new ecs.FargateTaskDefinition(this, 'ReportsTask');
    taskDefinition.addContainer('reports', {
      image: ecs.ContainerImage.fromRegistry('public.ecr.aws/docker/library/node:24-slim'), // your own
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: 'reports', logGroup: reportsLogs }),
    });
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
    reports.wire(
      new ecs.FargateService(this, 'ReportsService', {
        cluster,
        taskDefinition,
        minHealthyPercent: 100,
        circuitBreaker: { enable: true },
      }),
    );

    // Has no password: the program signs a token for each connection.
    const cleanup = db.addIamUser('cleanup', { privileges: Privileges.readWrite({ schemas: ['public'] }) });
    const cleanupFunction = functionIn(vpc, this, 'CleanupFunction');
    cleanup.wire(cleanupFunction);

    for (const consumer of [orders, cleanupFunction]) {
      const managed = ['AWSLambdaBasicExecutionRole', 'AWSLambdaVPCAccessExecutionRole'].map(
        name => `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/${name}]`,
      );
      accept(
        consumer.role!,
        'What CDK gives a function in a VPC, to write its log and attach to the subnets.',
        ...managed,
      );
      accept(
        consumer,
        'A choice of the function, which is not what this shows.',
        'CKV_AWS_115',
        'CKV_AWS_116',
        'CKV_AWS_173',
      );
      // CDK names the role as a dependency of the function, which refers to it anyway.
      (consumer.node.defaultChild as CfnResource).addMetadata('cfn-lint', { config: { ignore_checks: ['W3005'] } });
    }
    accept(taskDefinition, 'The variable is the ARN of a secret, which is not secret.', 'AwsSolutions-ECS2');
  }
}

/** A function of your own. */
function functionIn(vpc: ec2.IVpc, scope: Construct, id: string): lambda.Function {
  return new lambda.Function(scope, id, {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    runtime: new lambda.Runtime('nodejs24.x', lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true }),
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => "bundle your program with rotating-postgres-client";'),
  });
}
