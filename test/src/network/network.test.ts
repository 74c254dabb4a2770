import { App, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { RotatingPostgres, SecretsManagerEndpoint } from '../../../src';
import { deployed, isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const SERVICE = ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER;

function newStack(): Stack {
  return new Stack(new App(), 'Stack');
}

/** Destination groups of the rules by which the functions reach port 443. */
function httpsDestinations(template: Template): unknown[] {
  const rules = Object.values(resourcesOf(template)).filter(
    r => r.Type === 'AWS::EC2::SecurityGroupEgress' && r.Properties.FromPort === 443,
  );
  return rules.map(rule => rule.Properties.DestinationSecurityGroupId);
}

test('an endpoint with private DNS is made, admits the VPC, and leads to no secret of another account', () => {
  const { template, vpc } = deployed();
  expect(only(template, 'AWS::EC2::VPCEndpoint')[1].Properties).toMatchObject({
    PrivateDnsEnabled: true,
    VpcEndpointType: 'Interface',
    VpcId: { Ref: logicalId(vpc) },
    PolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: 'secretsmanager:*',
          Resource: '*',
          Condition: { StringEqualsIfExists: { 'aws:ResourceAccount': { Ref: 'AWS::AccountId' } } },
        },
      ],
    },
  });
  const [group, { Properties }] = only(template, 'AWS::EC2::SecurityGroup', 'SecretsManagerEndpoint');
  expect(Properties.SecurityGroupIngress).toEqual([
    expect.objectContaining({ FromPort: 443, ToPort: 443, CidrIp: { 'Fn::GetAtt': [logicalId(vpc), 'CidrBlock'] } }),
  ]);
  const toEndpoint = { 'Fn::GetAtt': [group, 'GroupId'] };
  expect(httpsDestinations(template)).toEqual([toEndpoint, toEndpoint]);
});

test('an endpoint that the app already has is used, with rules on its group', () => {
  const stack = newStack();
  const vpc = isolatedVpc(stack);
  const made = vpc.addInterfaceEndpoint('Made', { service: SERVICE, open: false });
  new RotatingPostgres(stack, 'Orders', { vpc });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::EC2::VPCEndpoint', 1);
  const group = { 'Fn::GetAtt': [logicalId(made.connections.securityGroups[0]), 'GroupId'] };
  expect(httpsDestinations(template)).toEqual([group, group]);
  const admitted = Object.values(resourcesOf(template)).filter(
    r => r.Type === 'AWS::EC2::SecurityGroupIngress' && r.Properties.FromPort === 443,
  );
  expect(admitted.map(rule => rule.Properties.GroupId)).toEqual([group, group]);
});

test('an endpoint of the region as a literal is found as well', () => {
  const stack = new Stack(new App(), 'Stack', { env: { account: '111122223333', region: 'cn-north-1' } });
  const vpc = new ec2.Vpc(stack, 'Vpc', { availabilityZones: ['cn-north-1a'], natGateways: 0 });
  vpc.addInterfaceEndpoint('Made', { service: SERVICE });
  new RotatingPostgres(stack, 'Orders', { vpc });
  Template.fromStack(stack).resourceCountIs('AWS::EC2::VPCEndpoint', 1);
});

test.each([
  [
    'of another VPC',
    (stack: Stack) => new ec2.Vpc(stack, 'OtherVpc').addInterfaceEndpoint('Other', { service: SERVICE }),
  ],
  [
    'without private DNS',
    (_: Stack, vpc: ec2.Vpc) => vpc.addInterfaceEndpoint('Other', { service: SERVICE, privateDnsEnabled: false }),
  ],
  [
    'of another service',
    (_: Stack, vpc: ec2.Vpc) => vpc.addInterfaceEndpoint('Other', { service: ec2.InterfaceVpcEndpointAwsService.KMS }),
  ],
])('an endpoint %s is not taken for the one', (_, make) => {
  const stack = newStack();
  const vpc = isolatedVpc(stack);
  make(stack, vpc);
  new RotatingPostgres(stack, 'Orders', { vpc });
  Template.fromStack(stack).resourceCountIs('AWS::EC2::VPCEndpoint', 2);
});

test('two databases in one VPC share an endpoint, in one stack', () => {
  const stack = newStack();
  const vpc = isolatedVpc(stack);
  new RotatingPostgres(stack, 'Orders', { vpc });
  new RotatingPostgres(stack, 'Invoices', { vpc });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::EC2::VPCEndpoint', 1);
  template.resourceCountIs('AWS::RDS::DBInstance', 2);
});

test("two databases in one VPC share an endpoint, in two stacks beside the VPC's", () => {
  const app = new App();
  const network = new Stack(app, 'Network');
  const vpc = isolatedVpc(network);
  const stacks = ['Orders', 'Invoices'].map(name => {
    const stack = new Stack(app, name);
    new RotatingPostgres(stack, 'Database', { vpc });
    return stack;
  });
  Template.fromStack(network).resourceCountIs('AWS::EC2::VPCEndpoint', 1);
  for (const stack of stacks) {
    Template.fromStack(stack).resourceCountIs('AWS::EC2::VPCEndpoint', 0);
    Template.fromStack(stack).resourceCountIs('AWS::SecretsManager::RotationSchedule', 2);
    expect(stack.dependencies).toEqual([network]);
  }
});

test('an endpoint of another stage is not taken, though its VPC looks the same while lookups are pending', () => {
  const app = new App();
  const stacks = ['Staging', 'Production'].map(name => {
    const stack = new Stack(new Stage(app, name), 'Stack', { env: { account: '111122223333', region: 'eu-west-1' } });
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-12345',
      vpcCidrBlock: '10.0.0.0/16',
      availabilityZones: ['a'],
      isolatedSubnetIds: ['subnet-1'],
    });
    new RotatingPostgres(stack, 'Orders', { vpc, secretsManagerEndpoint: SecretsManagerEndpoint.forVpc(vpc) });
    return stack;
  });
  for (const stack of stacks) Template.fromStack(stack).resourceCountIs('AWS::EC2::VPCEndpoint', 1);
});

test('an endpoint that the app makes too late is an error at synthesis', () => {
  const stack = newStack();
  const vpc = isolatedVpc(stack);
  new RotatingPostgres(stack, 'Orders', { vpc });
  vpc.addInterfaceEndpoint('Late', { service: SERVICE });
  expect(() => Template.fromStack(stack)).toThrow(
    /'Stack\/Vpc\/Late' is a second endpoint .* make it before the first RotatingPostgres/,
  );
});

test('one that the app makes too late by itself, as a plain resource, is the same error', () => {
  const stack = newStack();
  const vpc = isolatedVpc(stack);
  new RotatingPostgres(stack, 'Orders', { vpc });
  new ec2.CfnVPCEndpoint(stack, 'Plain', {
    vpcId: vpc.vpcId,
    serviceName: SERVICE.name,
    vpcEndpointType: 'Interface',
    privateDnsEnabled: true,
  });
  expect(() => Template.fromStack(stack)).toThrow("'Stack/Plain' is a second endpoint");
});

describe('in an imported VPC', () => {
  const imported = (stack: Stack) =>
    ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      vpcCidrBlock: '10.0.0.0/16',
      availabilityZones: ['a', 'b'],
      privateSubnetIds: ['subnet-1', 'subnet-2'],
    });

  test('no endpoint is made unasked, the way out is open on 443, and a warning says once what is needed', () => {
    const stack = newStack();
    new RotatingPostgres(stack, 'Orders', { vpc: imported(stack) });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::VPCEndpoint', 0);
    for (const part of ['RotationFunction', 'UserProvider']) {
      expect(only(template, 'AWS::EC2::SecurityGroup', part)[1].Properties.SecurityGroupEgress).toEqual([
        expect.objectContaining({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 }),
      ]);
    }
    expect(
      Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('must reach Secrets Manager')),
    ).toHaveLength(1);
  });

  test(
    'an endpoint is made when asked, and admits each function by its group as well: the VPC may have ' +
      'more ranges than are known',
    () => {
      const stack = newStack();
      const vpc = imported(stack);
      new RotatingPostgres(stack, 'Orders', { vpc, secretsManagerEndpoint: SecretsManagerEndpoint.forVpc(vpc) });
      const template = Template.fromStack(stack);
      template.resourceCountIs('AWS::EC2::VPCEndpoint', 1);
      Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('must reach Secrets Manager'));
      const [group] = only(template, 'AWS::EC2::SecurityGroup', 'SecretsManagerEndpoint');
      const admitted = Object.values(resourcesOf(template)).filter(
        ({ Type, Properties: { GroupId } }) =>
          Type === 'AWS::EC2::SecurityGroupIngress' && JSON.stringify(GroupId).includes(group),
      );
      expect(admitted).toHaveLength(2);
    },
  );

  test('an endpoint is not made for addresses that nobody has named', () => {
    const stack = newStack();
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['a'],
      isolatedSubnetIds: ['subnet-1'],
    });
    expect(() => SecretsManagerEndpoint.forVpc(vpc)).toThrow("Stack/Vpc: the VPC was imported without 'vpcCidrBlock'");
    expect(() => SecretsManagerEndpoint.forVpc(vpc, { onlyAdmittedGroups: true })).not.toThrow();
  });

  test('an imported endpoint is used when given', () => {
    const stack = newStack();
    const endpoint = ec2.InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(stack, 'Endpoint', {
      vpcEndpointId: 'vpce-1',
      port: 443,
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
    });
    const secretsManagerEndpoint = SecretsManagerEndpoint.fromInterfaceVpcEndpoint(endpoint);
    new RotatingPostgres(stack, 'Orders', { vpc: imported(stack), secretsManagerEndpoint });
    expect(httpsDestinations(Template.fromStack(stack))).toEqual(['sg-1', 'sg-1']);
  });
});

test('without isolated subnets, private ones are used', () => {
  const stack = newStack();
  new RotatingPostgres(stack, 'Orders', { vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }) });
  const subnets = only(Template.fromStack(stack), 'AWS::RDS::DBSubnetGroup')[1].Properties.SubnetIds as {
    Ref: string;
  }[];
  expect(subnets.map(({ Ref }) => Ref)).toEqual([
    expect.stringContaining('Private'),
    expect.stringContaining('Private'),
  ]);
});
