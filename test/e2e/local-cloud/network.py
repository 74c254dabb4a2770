"""What ministack lacks of the network. All of it are records: no packet is filtered or logged."""

import uuid

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.ec2 as ec2

from cloudformation import original, override


def install():
    """Puts all types in place."""
    _install_rule('AWS::EC2::SecurityGroupIngress', 'IpPermissions')
    _install_rule('AWS::EC2::SecurityGroupEgress', 'IpPermissionsEgress')
    _install_flow_log()
    _install_vpc()


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


def _install_flow_log():
    properties_of_records = ('ResourceId', 'ResourceType', 'TrafficType', 'LogDestinationType', 'LogDestination')

    def create(_logical_id, properties, _stack_name):
        log_id = f'fl-{uuid.uuid4().hex[:17]}'
        ec2._flow_logs[log_id] = {
            **{name: properties.get(name, '') for name in properties_of_records},
            'FlowLogId': log_id, 'FlowLogStatus': 'ACTIVE', 'CreationTime': ec2._now_ts(),
        }
        return log_id, {'Id': log_id}

    def delete(physical_id, _properties):
        ec2._flow_logs.pop(physical_id, None)

    override('AWS::EC2::FlowLog', create=create, delete=delete)


def _install_vpc():
    vpc = original('AWS::EC2::VPC')

    def create(logical_id, properties, stack_name):
        vpc_id, attributes = vpc['create'](logical_id, properties, stack_name)
        return vpc_id, {**attributes, 'CidrBlock': properties['CidrBlock']}

    override('AWS::EC2::VPC', create=create)
