import { App, CfnMapping, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
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

describe('monitoring', () => {
  const topic = { Ref: only(template, 'AWS::SNS::Topic')[0] };

  test(
    'an error of the rotation function and a rotation that was given up each raise an alarm that says ' +
      'where to read on',
    () => {
      const [rule] = only(template, 'AWS::Events::Rule');
      const alarm = {
        Threshold: 1,
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Statistic: 'Sum',
        TreatMissingData: 'notBreaching',
        AlarmActions: [topic],
      };
      expect(only(template, 'AWS::CloudWatch::Alarm', 'FunctionErrors')[1].Properties).toMatchObject({
        ...alarm,
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Dimensions: [{ Name: 'FunctionName', Value: { Ref: logicalId(db.rotationFunction.function) } }],
        AlarmDescription: expect.stringMatching(/docs\/runbook\.md#rotation-function-errors$/),
      });
      expect(only(template, 'AWS::CloudWatch::Alarm', 'FailedRotations')[1].Properties).toMatchObject({
        ...alarm,
        Namespace: 'AWS/Events',
        MetricName: 'TriggeredRules',
        Dimensions: [{ Name: 'RuleName', Value: { Ref: rule } }],
        AlarmDescription: expect.stringMatching(/docs\/runbook\.md#rotation-failed-or-abandoned$/),
      });
    },
  );

  test('failed and abandoned rotations of these secrets, and no others, are told in words', () => {
    const [, { Properties }] = only(template, 'AWS::Events::Rule');
    const userSecret = { Ref: logicalId(db.secret) };
    const adminSecret = { Ref: only(template, 'AWS::SecretsManager::Secret', 'AdminSecret')[0] };
    expect(Properties.EventPattern).toEqual({
      source: ['aws.secretsmanager'],
      'detail-type': ['AWS Service Event via CloudTrail'],
      detail: {
        eventName: ['RotationFailed', 'RotationAbandoned'],
        additionalEventData: { SecretId: [adminSecret, userSecret] },
      },
    });
    expect(Properties.Targets).toEqual([
      {
        Arn: topic,
        Id: 'Target0',
        InputTransformer: expect.objectContaining({
          InputTemplate: expect.stringMatching(/eventName>: .*SecretId>.*#rotation-failed-or-abandoned"$/),
        }),
      },
    ]);
  });

  test('alarms and rules may publish to the topic, others not without TLS', () => {
    const [, { Properties }] = only(template, 'AWS::SNS::TopicPolicy');
    expect((Properties.PolicyDocument as { Statement: unknown[] }).Statement).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Resource: topic,
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'events.amazonaws.com' },
        Resource: topic,
      }),
    ]);
  });

  test("the caller's own topic is used instead", () => {
    const stack = new Stack(new App(), 'Stack');
    const own = new sns.Topic(stack, 'Own');
    new RotatingPostgres(stack, 'Orders', { vpc: isolatedVpc(stack), notificationTopic: own });
    const rendered = Template.fromStack(stack);
    rendered.resourceCountIs('AWS::SNS::Topic', 1);
    rendered.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: logicalId(own) }] });
    rendered.hasResourceProperties('AWS::SNS::TopicPolicy', { Topics: [{ Ref: logicalId(own) }] });
  });
});
