import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as sns from 'aws-cdk-lib/aws-sns';
import { RotatingPostgres } from '../../../src';
import { deployed, isolatedVpc, logicalId, only, resourcesOf } from '../support/stacks';

const { template, db } = deployed();
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
      Period: 300,
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

test('one point over the threshold is enough, and every alarm is on', () => {
  for (const { Type, Properties } of Object.values(resourcesOf(template))) {
    if (Type !== 'AWS::CloudWatch::Alarm') continue;
    for (const name of ['DatapointsToAlarm', 'ActionsEnabled', 'Unit', 'ExtendedStatistic']) {
      expect(Properties).not.toHaveProperty(name);
    }
  }
  template.allResourcesProperties('AWS::Events::Rule', { State: 'ENABLED', EventBusName: Match.absent() });
});
