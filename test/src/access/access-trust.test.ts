import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { HOME, type Written } from './access';
import { ServiceTrust } from '../../../src';
import { only } from '../support/stacks';

describe("the trust of a service's role", () => {
  const trustOf = (principal: (stack: Stack) => iam.IPrincipal) => {
    const stack = new Stack(new App(), 'Stack', { env: HOME });
    new iam.Role(stack, 'Role', { assumedBy: principal(stack) });
    return (
      only(Template.fromStack(stack), 'AWS::IAM::Role')[1].Properties.AssumeRolePolicyDocument as {
        Statement: Written[];
      }
    ).Statement;
  };

  test('of tasks of Amazon ECS is limited to the account and the Region', () => {
    expect(trustOf(stack => ServiceTrust.ecsTasks(stack))).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'ecs-tasks.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': HOME.account },
          ArnLike: {
            'aws:SourceArn': {
              'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:ecs:${HOME.region}:${HOME.account}:*`]],
            },
          },
        },
      },
    ]);
  });

  test('of pods of Amazon EKS allows to tag the session, and is limited by its tags', () => {
    const pods = { Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' } };
    const limited = {
      StringEquals: {
        'aws:RequestTag/kubernetes-namespace': 'orders',
        'aws:RequestTag/kubernetes-service-account': 'api',
      },
    };
    expect(trustOf(() => ServiceTrust.eksPods())).toEqual([{ ...pods, Action: ['sts:AssumeRole', 'sts:TagSession'] }]);
    expect(trustOf(() => ServiceTrust.eksPods({ namespace: 'orders', serviceAccount: 'api' }))).toEqual([
      { ...pods, Action: ['sts:AssumeRole', 'sts:TagSession'], Condition: limited },
    ]);
  });

  test('of AWS Lambda and Amazon EC2 has no condition, for they are documented to send nothing', () => {
    expect(trustOf(() => ServiceTrust.lambda())).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
    ]);
    expect(trustOf(() => ServiceTrust.ec2())).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } },
    ]);
  });
});
