import { RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, IConstruct } from 'constructs';
import { acknowledge, compliance } from '../private/acknowledge';

/**
 * The log group of a function. Logs are kept for a year: rotations are monthly by default, and several of them must be
 * comparable.
 */
export function functionLogGroup(scope: Construct): logs.LogGroup {
  const group = new logs.LogGroup(scope, 'Logs', {
    retention: logs.RetentionDays.ONE_YEAR,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  acknowledge(group, {
    rules: ['CKV_AWS_158', ...compliance('CloudWatchLogGroupEncrypted')],
    reason:
      'No credential is ever logged, and CloudWatch Logs encrypts with its own key; the key of the ' +
      'secrets would have to admit one more service.',
  });
  return group;
}

/**
 * The role of a function: these statements, and write access to its log group. The policy is inline, so that it exists
 * before the function does. AWS's managed policies would allow writing to every log group of the account.
 */
export function functionRole(scope: Construct, logGroup: logs.ILogGroup, statements: iam.PolicyStatement[]): iam.Role {
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      Function: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({
            actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
            resources: [logGroup.logGroupArn],
          }),
          ...statements,
        ],
      }),
    },
  });
  acknowledge(role, { rules: compliance('IAMNoInlinePolicy'), reason: INLINE });
  return role;
}

/** Why the policies are inline. */
export const INLINE =
  'The policy belongs to this one role and goes with it; a managed one could be attached to others.';

/** Records for cdk-nag and checkov why their findings on a function of this library are intended. */
export function acknowledgeFunction(fn: IConstruct): void {
  acknowledge(fn, {
    rules: ['CKV_AWS_116', ...compliance('LambdaDLQ')],
    reason: 'Whoever invokes it waits for its answer, hears of the error and tries again: there is no event to lose.',
  });
  acknowledge(fn, {
    rules: ['CKV_AWS_115', ...compliance('LambdaConcurrency')],
    reason:
      'It is invoked for one step of one secret at a time; reserved concurrency would be taken from the ' +
      'rest of the account.',
  });
  acknowledge(fn, {
    rules: ['CKV_AWS_45', 'CKV_AWS_173'],
    reason: 'The environment holds names and settings, no secret, and Lambda encrypts it with its own key.',
  });
}
