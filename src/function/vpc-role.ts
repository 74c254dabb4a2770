import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionRole } from './function-role';
import { acknowledge } from '../private/acknowledge';

/** The actions for attaching a function to a VPC. */
const ATTACH = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * The role of a function in a VPC. Lambda uses the EC2 actions to attach the function; the function's own code is
 * denied them.
 */
export function vpcFunctionRole(scope: Construct, logGroup: logs.ILogGroup): iam.Role {
  const role = functionRole(scope, logGroup, [
    new iam.PolicyStatement({
      // Lambda calls these actions with the function's role.
      actions: ATTACH,
      resources: ['*'],
    }),
    new iam.PolicyStatement({
      // Denies the actions to the function's code: only its requests have `lambda:SourceFunctionArn`.
      effect: iam.Effect.DENY,
      actions: ATTACH,
      resources: ['*'],
      conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
    }),
  ]);
  const reason =
    'Lambda attaches the function to the VPC by network interfaces whose ids are unknown before, and ' +
    'describing them has no resource.';
  acknowledge(role, { rules: ['AwsSolutions-IAM5'], finding: 'Resource::*', reason });
  acknowledge(role, { rules: ['CKV_AWS_111'], reason });
  return role;
}
