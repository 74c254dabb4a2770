import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { RotatingPostgres, SecretsManagerEndpoint, SecretsManagerEndpointOptions } from '../../../src';
import { isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const ACCOUNT = { Ref: 'AWS::AccountId' };

/** A database in a VPC whose endpoint was asked for with these options first. */
function withEndpoint(options: SecretsManagerEndpointOptions) {
  const stack = new Stack(new App(), 'Stack');
  const vpc = isolatedVpc(stack);
  const endpoint = SecretsManagerEndpoint.forVpc(vpc, options);
  const db = new RotatingPostgres(stack, 'Orders', { vpc });
  return { stack, vpc, endpoint, db };
}

function policyOf(stack: Stack): unknown[] {
  const { Properties } = only(Template.fromStack(stack), 'AWS::EC2::VPCEndpoint')[1];
  return (Properties.PolicyDocument as { Statement: unknown[] }).Statement;
}
const allow = (Resource: unknown, Condition: object) => ({
  Effect: 'Allow',
  Principal: { AWS: '*' },
  Action: 'secretsmanager:*',
  Resource,
  Condition,
});
const warnings = (stack: Stack, text: string) =>
  Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp(text)).length;

test('further accounts are led to as well', () => {
  const { stack } = withEndpoint({ furtherAccounts: ['111122223333'] });
  expect(policyOf(stack)).toEqual([
    allow('*', { StringEqualsIfExists: { 'aws:ResourceAccount': [ACCOUNT, '111122223333'] } }),
  ]);
  expect(warnings(stack, 'every caller')).toBe(0);
});

test(
  'limited to bound secrets, it leads to those with our tag and to those that are named, and warns of ' +
    'every other caller',
  () => {
    const furtherSecrets = ['arn:aws:secretsmanager:*:*:secret:rds!*'];
    const { stack } = withEndpoint({ onlyBoundSecrets: true, furtherSecrets });
    const account = { 'aws:ResourceAccount': ACCOUNT };
    expect(policyOf(stack)).toEqual([
      allow('*', { StringEquals: account, Null: { 'aws:ResourceTag/rotating-postgres:username': 'false' } }),
      allow(furtherSecrets[0], { StringEquals: account }),
    ]);
    expect(
      warnings(stack, "every caller of Secrets Manager in this VPC .*AccessDeniedException.*'furtherSecrets'"),
    ).toBe(1);
  },
);

test('each secret that is made here has the tag by which a limited endpoint knows it', () => {
  const { stack } = withEndpoint({ onlyBoundSecrets: true });
  const secrets = Object.values(resourcesOf(Template.fromStack(stack))).filter(
    ({ Type }) => Type === 'AWS::SecretsManager::Secret',
  );
  expect(secrets).toHaveLength(2);
  for (const { Properties } of secrets) {
    expect(Properties.Tags).toContainEqual(expect.objectContaining({ Key: 'rotating-postgres:username' }));
  }
});

test(
  'limited to admitted groups, it admits the functions, the wired and whom its connections allow, and ' +
    'warns of every other caller',
  () => {
    const { stack, vpc, endpoint, db } = withEndpoint({ onlyAdmittedGroups: true });
    const consumer = new lambda.Function(stack, 'Consumer', {
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      code: lambda.Code.fromInline('-'),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_22_X,
    });
    db.wire(consumer);
    const other = new ec2.SecurityGroup(stack, 'Other', { vpc });
    endpoint.endpoint.connections.allowDefaultPortFrom(other);
    const template = Template.fromStack(stack);
    const [group, { Properties }] = only(template, 'AWS::EC2::SecurityGroup', 'SecretsManagerEndpoint');
    expect(Properties.SecurityGroupIngress).toBeUndefined();
    const admitted = Object.values(resourcesOf(template)).filter(
      ({ Type, Properties: { GroupId } }) =>
        Type === 'AWS::EC2::SecurityGroupIngress' && JSON.stringify(GroupId).includes(group),
    );
    const groupOf = (id: string) => ({ 'Fn::GetAtt': [only(template, 'AWS::EC2::SecurityGroup', id)[0], 'GroupId'] });
    expect(admitted.map(rule => rule.Properties.SourceSecurityGroupId)).toEqual(
      expect.arrayContaining([
        groupOf('OrdersUserProvider'),
        groupOf('OrdersRotationFunction'),
        groupOf('ConsumerSecurityGroup'),
        groupOf('Other'),
      ]),
    );
    expect(admitted).toHaveLength(4);
    expect(warnings(stack, 'every caller of Secrets Manager in this VPC .*time out')).toBe(1);
  },
);

test('the same options again mean the same endpoint, others are refused', () => {
  const { stack, vpc, endpoint } = withEndpoint({ onlyAdmittedGroups: true });
  expect(SecretsManagerEndpoint.forVpc(vpc, { onlyAdmittedGroups: true }).endpoint).toBe(endpoint.endpoint);
  expect(SecretsManagerEndpoint.forVpc(vpc).endpoint).toBe(endpoint.endpoint);
  expect(() => SecretsManagerEndpoint.forVpc(vpc, { onlyBoundSecrets: true })).toThrow(
    'but the VPC has an endpoint (Stack/Vpc/SecretsManagerEndpoint)',
  );
  Template.fromStack(stack).resourceCountIs('AWS::EC2::VPCEndpoint', 1);
});

test('the policy of an endpoint that is adopted stays as it is', () => {
  const stack = new Stack(new App(), 'Stack');
  const vpc = isolatedVpc(stack);
  vpc.addInterfaceEndpoint('Made', { service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER });
  const before = only(Template.fromStack(stack), 'AWS::EC2::VPCEndpoint');
  expect(() => SecretsManagerEndpoint.forVpc(vpc, { onlyBoundSecrets: true })).toThrow('which stays as it is');
  const again = new Stack(new App(), 'Stack');
  const vpcAgain = isolatedVpc(again);
  vpcAgain.addInterfaceEndpoint('Made', { service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER });
  new RotatingPostgres(again, 'Orders', { vpc: vpcAgain });
  expect(only(Template.fromStack(again), 'AWS::EC2::VPCEndpoint')).toEqual(before);
});

test.each([
  [{ furtherSecrets: ['arn:aws:secretsmanager:*:*:secret:a'] }, "set 'onlyBoundSecrets'"],
  [{ onlyBoundSecrets: true, furtherSecrets: ['prod/*'] }, "'furtherSecrets' has 'prod/*'; write an ARN"],
  [{ furtherAccounts: ['1234'] }, "'furtherAccounts' has '1234'; write the 12 digits"],
])('the options %j are refused', (options, message) => expect(() => withEndpoint(options)).toThrow(message));

test('options that only the deployment knows are not judged', () => {
  const stack = new Stack(new App(), 'Stack');
  const token = new CfnParameter(stack, 'Token').valueAsString;
  const endpoint = SecretsManagerEndpoint.forVpc(isolatedVpc(stack), {
    onlyBoundSecrets: true,
    furtherSecrets: [token],
    furtherAccounts: [token],
  });
  expect(logicalId(endpoint.endpoint)).toEqual(only(Template.fromStack(stack), 'AWS::EC2::VPCEndpoint')[0]);
});
