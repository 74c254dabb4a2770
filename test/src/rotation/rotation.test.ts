import { App, CfnMapping, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import {
  DatabaseUser,
  PostgresInstance,
  Privileges,
  RotatingPostgres,
  RotationStrategy,
  ScheduledRotation,
} from '../../../src';
import { deployed, isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const { template, db } = deployed();
const instance = logicalId((db.database as PostgresInstance).instance);

test(
  'the functions run on arm64 and current Node.js, log JSON to a group with retention, and reach ' +
    'nothing but database and endpoint',
  () => {
    for (const part of ['RotationFunction', 'UserProviderInVpc']) {
      const [, { Properties }] = only(template, 'AWS::Lambda::Function', part);
      const [logGroup, logs] = only(template, 'AWS::Logs::LogGroup', part);
      expect(Properties).toMatchObject({
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: logGroup } },
        VpcConfig: {
          SubnetIds: [{ Ref: expect.stringContaining('Isolated') }, { Ref: expect.stringContaining('Isolated') }],
        },
      });
      expect(logs.Properties.RetentionInDays).toBe(365);
      const [
        group,
        {
          Properties: { SecurityGroupEgress },
        },
      ] = only(template, 'AWS::EC2::SecurityGroup', part);
      expect(SecurityGroupEgress).toEqual([expect.objectContaining({ CidrIp: '255.255.255.255/32' })]);
      const egress = Object.values(resourcesOf(template)).filter(
        r => r.Type === 'AWS::EC2::SecurityGroupEgress' && JSON.stringify(r.Properties.GroupId).includes(group),
      );
      const port = { 'Fn::GetAtt': [instance, 'Endpoint.Port'] };
      expect(egress.map(({ Properties: { FromPort, ToPort } }) => [FromPort, ToPort])).toEqual([
        [port, port],
        [443, 443],
      ]);
    }
  },
);

test('no function in the VPC answers CloudFormation: the framework function outside it does', () => {
  const [framework, { Properties }] = only(template, 'AWS::Lambda::Function', 'UserProviderFramework');
  expect(Properties).toMatchObject({ Runtime: 'nodejs24.x' });
  expect(Properties.VpcConfig).toBeUndefined();
  expect(only(template, 'Custom::RotatingPostgresUser')[1].Properties.ServiceToken).toEqual({
    'Fn::GetAtt': [framework, 'Arn'],
  });
});

test('the mapping of runtimes that nobody uses is left out, one that somebody uses stays', () => {
  expect(template.toJSON().Mappings).toBeUndefined();
  const stack = new Stack(new App(), 'Stack');
  new CfnMapping(stack, 'LatestNodeRuntimeMap', { mapping: { 'eu-west-1': { nodeRuntime: 'nodejs22.x' } } });
  new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
  Template.fromStack(stack).hasMapping('LatestNodeRuntimeMap', Match.anyValue());
});

test('the user resource tells its function where the database is and what the user may do, and no secret', () => {
  expect(only(template, 'Custom::RotatingPostgresUser')[1].Properties).toEqual({
    ServiceToken: expect.anything(),
    ServiceTimeout: '600',
    secretArn: { Ref: logicalId(db.secret) },
    adminSecretArn: { Ref: logicalId(db.adminSecret) },
    username: 'app',
    engine: 'postgres',
    host: { 'Fn::GetAtt': [instance, 'Endpoint.Address'] },
    port: { 'Fn::GetAtt': [instance, 'Endpoint.Port'] },
    database: 'app',
    dbInstanceIdentifier: { Ref: instance },
    privileges: 'owner',
    strategy: 'alternating',
  });
});

test('both secrets are rotated every 30 days and on deployment', () => {
  for (const [part, secret] of [
    ['AdminRotation', db.adminSecret],
    ['UserRotation', db.secret],
  ] as const) {
    expect(only(template, 'AWS::SecretsManager::RotationSchedule', part)[1].Properties).toEqual({
      SecretId: { Ref: logicalId(secret) },
      RotationLambdaARN: { 'Fn::GetAtt': [logicalId(db.rotationFunction.function), 'Arn'] },
      RotationRules: { AutomaticallyAfterDays: 30 },
      RotateImmediatelyOnUpdate: true,
    });
  }
});

test.each([
  [Duration.days(7), { AutomaticallyAfterDays: 7 }],
  [Duration.hours(48), { AutomaticallyAfterDays: 2 }],
  [Duration.hours(4), { ScheduleExpression: 'rate(4 hours)' }],
])('a schedule of %s is written as Secrets Manager reads it', (automaticallyAfter, RotationRules) => {
  const scheduled = deployed({ schedule: { automaticallyAfter, rotateImmediately: false } }).template;
  scheduled.allResourcesProperties('AWS::SecretsManager::RotationSchedule', {
    RotationRules,
    RotateImmediatelyOnUpdate: false,
  });
});

test('a further user shares functions, provider and role policies, and adds four resources', () => {
  const stack = new Stack(new App(), 'Stack');
  const orders = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
  const reports = new DatabaseUser(stack, 'Reports', {
    provider: orders.userProvider,
    encryptionKey: orders.encryptionKey,
    username: 'reports',
    privileges: Privileges.connect(),
    strategy: RotationStrategy.SINGLE_USER,
  });
  reports.addRotation(orders.rotationFunction);
  const more = Template.fromStack(stack);
  const added = Object.entries(resourcesOf(more))
    .filter(([id]) => !(id in resourcesOf(template)))
    .map(([, { Type }]) => Type);
  expect(added.sort()).toEqual([
    'AWS::SecretsManager::ResourcePolicy',
    'AWS::SecretsManager::RotationSchedule',
    'AWS::SecretsManager::Secret',
    'Custom::RotatingPostgresUser',
  ]);
  more.hasResourceProperties('Custom::RotatingPostgresUser', {
    username: 'reports',
    privileges: 'connect',
    strategy: 'single',
  });
});

test('a secret imported by a partial ARN is rotated with its unknown ending left open', () => {
  const stack = new Stack(new App(), 'Stack');
  const orders = new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack) });
  const partial = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:legacy';
  const secret = secretsmanager.Secret.fromSecretAttributes(stack, 'Legacy', {
    secretPartialArn: partial,
    encryptionKey: orders.encryptionKey,
  });
  new ScheduledRotation(stack, 'LegacyRotation', { secret, rotationFunction: orders.rotationFunction });
  const [, { Properties }] = only(Template.fromStack(stack), 'AWS::IAM::Policy', 'RotationFunctionInVpcSecretAccess');
  expect((Properties.PolicyDocument as { Statement: unknown[] }).Statement).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ Resource: expect.arrayContaining([`${partial}-??????`]) }),
      expect.objectContaining({
        Condition: {
          StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
          StringLike: { 'kms:EncryptionContext:SecretARN': `${partial}-??????` },
        },
      }),
    ]),
  );
});

test('secrets are named Environment/Application/Type when the user asks for it', () => {
  template.allResourcesProperties('AWS::SecretsManager::Secret', { Name: Match.absent() });
  const named = deployed({ naming: { environment: 'production', application: 'orders' } }).template;
  named.hasResourceProperties('AWS::SecretsManager::Secret', { Name: 'production/orders/database_admin' });
  named.hasResourceProperties('AWS::SecretsManager::Secret', { Name: 'production/orders/database_app' });
});
