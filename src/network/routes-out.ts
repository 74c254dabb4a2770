import { Reference, Resource, Tokenization } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { secretsManagerEndpointsOf } from './endpoints-in-vpc';

/**
 * The error for a function without an endpoint whose subnets, created by the app, have no route to Secrets Manager. It
 * runs at the end of synthesis, when all routes exist. Routes of an imported VPC are unknown.
 */
export function routeTrouble(vpc: ec2.IVpc, subnets: readonly ec2.ISubnet[], ipv6: boolean): string[] {
  if (!Resource.isOwnedResource(vpc) || secretsManagerEndpointsOf(vpc).length > 0) return [];
  const constructs = vpc.node.root.node.findAll();
  const tables = new Set([
    ...constructs
      .filter(construct => construct instanceof ec2.CfnRoute)
      .filter(route => leadsOut(route, ipv6))
      .map(route => route.routeTableId),
    ...constructs
      .filter(construct => construct instanceof ec2.CfnVPNGatewayRoutePropagation)
      .flatMap(({ routeTableIds }) => routeTableIds),
  ]);
  const without = subnets.find(
    subnet => Resource.isOwnedResource(subnet) && !tables.has(subnet.routeTable.routeTableId),
  );
  if (!without) return [];
  return [
    'the function has no endpoint for Secrets Manager, and its subnet ' +
      `'${without.node.path}' has no route out of the VPC, so that` +
      ' it cannot reach Secrets Manager; give the VPC NAT gateways and private subnets, or leave ' +
      'SecretsManagerEndpoint.none() out, and an endpoint is created',
  ];
}

/**
 * Whether a route leads out of the VPC for a function. An internet gateway does not, because a function has no public
 * address. An egress-only internet gateway does, for IPv6.
 */
function leadsOut(route: ec2.CfnRoute, ipv6: boolean): boolean {
  if (route.egressOnlyInternetGatewayId) return ipv6;
  if (!route.gatewayId) return true;
  const { firstToken } = Tokenization.reverseString(route.gatewayId);
  const target = Reference.isReference(firstToken) ? firstToken.target : undefined;
  return !(target instanceof ec2.CfnInternetGateway || /^igw-/.test(route.gatewayId));
}
