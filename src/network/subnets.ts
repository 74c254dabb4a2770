import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { IConstruct } from 'constructs';
import { fail } from '../private/errors';

const ISOLATED: ec2.SubnetSelection = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
const PRIVATE: ec2.SubnetSelection = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };

/**
 * Where databases and the functions that log in to them live: isolated subnets when the VPC has them, never public
 * ones.
 */
export function innermostSubnets(scope: IConstruct, vpc: ec2.IVpc): ec2.SubnetSelection {
  if (vpc.isolatedSubnets.length > 0) return ISOLATED;
  if (vpc.privateSubnets.length > 0) return PRIVATE;
  return fail(
    scope,
    `'vpc' (${vpc.node.path}) has ` +
      `${vpc.publicSubnets.length > 0 ? 'public subnets only' : 'no subnets that are known here'};` +
      ' add isolated or private subnets, or import the VPC with them: a database never goes into public ones',
  );
}

/**
 * Where a function lives that has to find its own way out of the VPC: private subnets, which have one, when there are
 * any.
 */
export function outermostSubnets(scope: IConstruct, vpc: ec2.IVpc): ec2.SubnetSelection {
  return vpc.privateSubnets.length > 0 ? PRIVATE : innermostSubnets(scope, vpc);
}

/**
 * Whether each of these subnets of the app has IPv6 as well. Of an imported one that is not known; IPv4 it has in any
 * case.
 */
export function areDualStack(subnets: readonly ec2.ISubnet[]): boolean {
  return (
    subnets.length > 0 &&
    subnets.every(
      ({ node: { defaultChild } }) => defaultChild instanceof ec2.CfnSubnet && defaultChild.ipv6CidrBlock !== undefined,
    )
  );
}
