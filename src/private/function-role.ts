import { RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** A function's log group, kept for a year: rotations are monthly, and a few of them must be comparable. */
export function functionLogGroup(scope: Construct): logs.LogGroup {
  return new logs.LogGroup(scope, 'Logs', { retention: logs.RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.DESTROY });
}

/**
 * The role of a function, with exactly these statements and writing to its log group. Inline in the role, so that they exist
 * before the function does; the managed policies would allow every log group of the account.
 */
export function functionRole(scope: Construct, logGroup: logs.ILogGroup, statements: iam.PolicyStatement[]): iam.Role {
  return new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    inlinePolicies: {
      Function: new iam.PolicyDocument({
        statements: [
          new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }),
          ...statements,
        ],
      }),
    },
  });
}
