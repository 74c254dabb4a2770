import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { IConstruct } from 'constructs';
import { fail } from '../private/errors';

const ISOLATED: ec2.SubnetSelection = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
const PRIVATE: ec2.SubnetSelection = { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };

/**
 * The subnets of databases and of the functions that log in to them: isolated subnets if the VPC has any, otherwise
 * private ones, never public ones.
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

/** The subnets of a function without an endpoint: private subnets, which have a route out, if the VPC has any. */
export function outermostSubnets(scope: IConstruct, vpc: ec2.IVpc): ec2.SubnetSelection {
  return vpc.privateSubnets.length > 0 ? PRIVATE : innermostSubnets(scope, vpc);
}

/**
 * Whether the app creates all of these subnets with IPv6. For imported subnets this is unknown; they have IPv4 in any
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
