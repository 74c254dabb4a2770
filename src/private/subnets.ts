import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { IConstruct } from 'constructs';
import { fail } from './errors';

/** Where databases and the functions that log in to them live: isolated subnets when the VPC has them, never public ones. */
export function innermostSubnets(scope: IConstruct, vpc: ec2.IVpc): ec2.SubnetSelection {
  if (vpc.isolatedSubnets.length > 0) return { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
  if (vpc.privateSubnets.length > 0) return { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
  return fail(scope, `'vpc' (${vpc.node.path}) has public subnets only; add isolated or private subnets, a database never goes into public ones`);
}
