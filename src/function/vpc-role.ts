import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionRole } from './function-role';
import { acknowledge } from '../private/acknowledge';

/** To attach a function to a VPC. */
const ATTACH = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** The role of a function in a VPC: Lambda attaches the function by it, and the function's own code does not. */
export function vpcFunctionRole(scope: Construct, logGroup: logs.ILogGroup): iam.Role {
  const role = functionRole(scope, logGroup, [
    new iam.PolicyStatement({
      // What Lambda itself does, in this role's name, to attach the function to the VPC.
      actions: ATTACH,
      resources: ['*'],
    }),
    new iam.PolicyStatement({
      // Not for the code that runs as this role: only its own calls name the function that they come from.
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
