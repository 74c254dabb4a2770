"""Whether a network interface reaches what it calls, by the subnets, routes, groups and endpoints that there are at
this moment.

Names are sides: where the interfaces of a function, of an endpoint or of a database are. Rules by prefix list, IPv6,
network ACLs and peered VPCs are not known here: who needs one is not reached.
"""

from dataclasses import dataclass
from ipaddress import ip_network

import ministack.services.ec2 as ec2

HTTPS = 443
ANYWHERE = '0.0.0.0/0'


class Unreachable(Exception):
    """What is missing on the way."""


@dataclass
class Side:
    """Network interfaces: their groups and subnets, by id."""
    name: str
    groups: list
    subnets: list

    def vpc(self):
        """The VPC that all of it is in."""
        missing = [id_ for id_ in self.groups if id_ not in ec2._security_groups]
        missing += [id_ for id_ in self.subnets if id_ not in ec2._subnets]
        if missing:
            raise Unreachable(f'{self.name} is in {", ".join(missing)}, which does not exist')
        vpcs = {ec2._subnets[id_]['VpcId'] for id_ in self.subnets}
        vpcs |= {ec2._security_groups[id_]['VpcId'] for id_ in self.groups}
        if len(vpcs) != 1:
            raise Unreachable(f'{self.name} has subnets and security groups of {len(vpcs)} VPCs')
        return vpcs.pop()

    def networks(self):
        """The address ranges that its addresses are from."""
        return [ec2._subnets[id_]['CidrBlock'] for id_ in self.subnets]


def connect(client, server, port):
    """The client's groups let the connection out, the server's let it in."""
    if client.vpc() != server.vpc():
        raise Unreachable(f'{client.name} is in {client.vpc()}, {server.name} in {server.vpc()}')
    if not _admits(client.groups, 'IpPermissionsEgress', port, server.groups, server.networks()):
        raise Unreachable(f'no egress rule of {client.name} leads to {server.name} on port {port}')
    if not _admits(server.groups, 'IpPermissions', port, client.groups, client.networks()):
        raise Unreachable(f'no ingress rule of {server.name} admits {client.name} on port {port}')


def reach_service(client, service):
    """An AWS service: by the VPC's endpoint with private DNS, to which then all calls go; without one by NAT."""
    vpc = client.vpc()
    endpoint = private_endpoint(vpc, service)
    if endpoint:
        connect(client, Side(f'the endpoint for {service}', endpoint['SecurityGroupIds'], endpoint['SubnetIds']), HTTPS)
    else:
        reach_internet(client, f'{service}, for which {vpc} has no endpoint with private DNS')


def reach_internet(client, what):
    """Each subnet routes to a NAT gateway that is in a public subnet. A function has no public address of its own."""
    for subnet in client.subnets:
        route = _default_route(client.vpc(), subnet)
        gateway = ec2._nat_gateways.get((route or {}).get('NatGatewayId'))
        if not gateway or gateway['State'] != 'available':
            raise Unreachable(f'{client.name} does not reach {what}: {subnet} has no route to a NAT gateway')
        route = _default_route(gateway['VpcId'], gateway['SubnetId']) or {}
        if not (route.get('GatewayId') or '').startswith('igw-'):
            raise Unreachable(f'{client.name} does not reach {what}: its NAT gateway has no route to an internet '
                              f'gateway')
    if not _admits(client.groups, 'IpPermissionsEgress', HTTPS, [], [ANYWHERE]):
        raise Unreachable(f'{client.name} does not reach {what}: no egress rule of it leads anywhere on port {HTTPS}')


def private_endpoint(vpc, service):
    """The interface endpoint by which a VPC resolves the public name of a service."""
    return next((
        endpoint for endpoint in ec2._vpc_endpoints.values()
        if endpoint['VpcId'] == vpc and endpoint['VpcEndpointType'] == 'Interface'
        and str(endpoint['PrivateDnsEnabled']).lower() == 'true' and endpoint['ServiceName'].endswith(f'.{service}')
    ), None)


def _default_route(vpc, subnet):
    tables = [table for table in ec2._route_tables.values() if table['VpcId'] == vpc]
    explicit = [table for table in tables if any(each.get('SubnetId') == subnet for each in table['Associations'])]
    main = [table for table in tables if any(each.get('Main') for each in table['Associations'])]
    routes = [route for table in (explicit or main)[:1] for route in table['Routes']]
    return next((route for route in routes if route.get('DestinationCidrBlock') == ANYWHERE), None)


def _admits(groups, direction, port, peers, networks):
    """A rule for a group of the peer, or rules that together cover all its networks."""
    rules = [rule for group in groups for rule in ec2._security_groups[group][direction] if _is_for(rule, port)]
    if any(pair.get('GroupId') in peers for rule in rules for pair in rule['UserIdGroupPairs']):
        return True
    ranges = [ip_network(each['CidrIp']) for rule in rules for each in rule['IpRanges']]
    return bool(networks) and all(any(ip_network(network).subnet_of(range_) for range_ in ranges)
                                  for network in networks)


def _is_for(rule, port):
    return rule['IpProtocol'] == '-1' or (rule['IpProtocol'] in ('tcp', '6')
                                          and rule.get('FromPort', 0) <= port <= rule.get('ToPort', 65535))
