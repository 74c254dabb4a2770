import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { isolatedVpc } from './stacks';
import { RotatingPostgres } from '../../../src';

export function setUp(vpcOf: (stack: Stack) => ec2.IVpc = isolatedVpc) {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  const vpc = vpcOf(stack);
  return {
    app,
    stack,
    vpc,
    db: new RotatingPostgres(stack, 'Orders', { vpc }),
    template: () => Template.fromStack(stack),
  };
}

export function functionIn(
  vpc: ec2.IVpc | undefined,
  scope: Construct,
  id = 'Function',
  props: Partial<lambda.FunctionProps> = {},
): lambda.Function {
  return new lambda.Function(scope, id, {
    vpc,
    runtime: lambda.Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('// yours'),
    ...props,
  });
}

export function serviceIn(vpc: ec2.IVpc, scope: Construct, ...containers: string[]) {
  const taskDefinition = new ecs.FargateTaskDefinition(scope, 'Task');
  const made = containers.map(name =>
    taskDefinition.addContainer(name, { image: ecs.ContainerImage.fromRegistry('yours') }),
  );
  const service = new ecs.FargateService(scope, 'Service', {
    cluster: new ecs.Cluster(scope, 'Cluster', { vpc }),
    taskDefinition,
  });
  return { service, containers: made };
}

export const instanceIn = (vpc: ec2.IVpc, scope: Construct) =>
  new ec2.Instance(scope, 'Instance', {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    instanceType: new ec2.InstanceType('t4g.nano'),
    machineImage: {
      getImage: () => ({ imageId: 'ami-1', osType: ec2.OperatingSystemType.LINUX, userData: ec2.UserData.forLinux() }),
    },
  });
