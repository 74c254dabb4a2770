"""What ministack lacks of the network. All of it are records: reachability.py reads them, no packet is filtered or
logged."""

import uuid

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.ec2 as ec2

from cloudformation import original, override
from reachability import private_endpoint


def install():
    """Puts all types in place."""
    _install_rule('AWS::EC2::SecurityGroupIngress', 'IpPermissions')
    _install_rule('AWS::EC2::SecurityGroupEgress', 'IpPermissionsEgress')
    _install_record('AWS::EC2::FlowLog', 'fl', ec2._flow_logs, 'FlowLogId',
                    {'FlowLogStatus': 'ACTIVE', 'CreationTime': ec2._now_ts()})
    _install_record('AWS::EC2::EIP', 'eipalloc', ec2._addresses, 'AllocationId',
                    {'Domain': 'vpc', 'PublicIp': '192.0.2.1', 'AssociationId': None, 'InstanceId': None})
    _install_record('AWS::EC2::NatGateway', 'nat', ec2._nat_gateways, 'NatGatewayId',
                    {'State': 'available', 'Tags': []})
    _install_vpc()
    _install_endpoint()


def _install_rule(resource_type, rules):
    def create(_logical_id, properties, _stack_name):
        group = ec2._security_groups.get(properties['GroupId'])
        if group is None:
            raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
        group[rules].extend(provisioners._ec2_sg_permissions([properties]))
        rule_id = f'sgr-{uuid.uuid4().hex[:17]}'
        return rule_id, {'Id': rule_id}

    def delete(_physical_id, properties):
        group = ec2._security_groups.get(properties['GroupId'])
        if group is None:
            return
        for permission in provisioners._ec2_sg_permissions([properties]):
            if permission in group[rules]:
                group[rules].remove(permission)

    def update(physical_id, old, new, stack_name):
        delete(physical_id, old)
        return create(None, new, stack_name)

    override(resource_type, create=create, update=update, delete=delete)


def _install_record(resource_type, prefix, store, identifier, defaults):
    """A resource of which nothing happens; its record has the names of its properties."""
    def create(_logical_id, properties, _stack_name):
        id_ = f'{prefix}-{uuid.uuid4().hex[:17]}'
        vpc = {'VpcId': ec2._subnets[properties['SubnetId']]['VpcId']} if 'SubnetId' in properties else {}
        store[id_] = {**defaults, **vpc, **properties, identifier: id_}
        return id_, {'Id': id_, identifier: id_, 'PublicIp': store[id_].get('PublicIp')}

    override(resource_type, create=create, delete=lambda physical_id, _properties: store.pop(physical_id, None))


def _install_vpc():
    vpc = original('AWS::EC2::VPC')

    def create(logical_id, properties, stack_name):
        vpc_id, attributes = vpc['create'](logical_id, properties, stack_name)
        return vpc_id, {**attributes, 'CidrBlock': properties['CidrBlock']}

    override('AWS::EC2::VPC', create=create)


def _install_endpoint():
    endpoint = original('AWS::EC2::VPCEndpoint')

    def create(logical_id, properties, stack_name):
        missing = [id_ for id_ in properties.get('SubnetIds', []) if id_ not in ec2._subnets]
        if missing:
            raise ValueError(f"The subnet ID '{missing[0]}' does not exist (InvalidSubnetId.NotFound)")
        if str(properties.get('PrivateDnsEnabled')).lower() == 'true':
            _check_private_dns(properties['VpcId'], properties['ServiceName'])
        return endpoint['create'](logical_id, properties, stack_name)

    override('AWS::EC2::VPCEndpoint', create=create)


def _check_private_dns(vpc_id, service_name):
    vpc, service = ec2._vpcs[vpc_id], service_name.rsplit('.', 1)[1]
    if not (vpc.get('EnableDnsSupport', True) and vpc.get('EnableDnsHostnames', False)):
        raise ValueError('Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes '
                         'set to true for ' + vpc_id)
    if private_endpoint(vpc_id, service):
        raise ValueError('private-dns-enabled cannot be set because there is already a conflicting DNS domain for '
                         f'{service} in the VPC {vpc_id}')
