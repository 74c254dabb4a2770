"""What cannot be deleted because something else uses it. In EC2 the user is a network interface."""

import ministack.services.ec2 as ec2
import ministack.services.lambda_svc as functions
import ministack.services.rds as rds

from cloudformation import original, override


def install():
    """Makes deletions fail that would fail on AWS. After all types are in place."""
    for resource_type, users in _USERS.items():
        _refuse_deletion(resource_type, users)


def _refuse_deletion(resource_type, users):
    resource = original(resource_type)

    def delete(physical_id, *args):
        for user, used in users():
            if physical_id in used:
                raise ValueError(f'{resource_type} {physical_id} is in use by {user}')
        return resource['delete'](physical_id, *args)

    override(resource_type, delete=delete)


def _groups():
    for name, record in _databases():
        yield name, [group['VpcSecurityGroupId'] for group in record['VpcSecurityGroups']]
    for name, config in _functions():
        yield name, config.get('SecurityGroupIds', [])
    for name, endpoint in ec2._vpc_endpoints.items():
        yield name, endpoint['SecurityGroupIds']
    for name, group in ec2._security_groups.items():
        rules = group['IpPermissions'] + group['IpPermissionsEgress']
        yield f'a rule of {name}', [pair.get('GroupId') for rule in rules
                                    for pair in rule['UserIdGroupPairs'] if pair.get('GroupId') != name]


def _subnets():
    for name, record in _databases():
        yield name, [subnet['SubnetIdentifier'] for subnet in _subnet_group(record).get('Subnets', [])]
    for name, config in _functions():
        yield name, config.get('SubnetIds', [])
    for name, endpoint in ec2._vpc_endpoints.items():
        yield name, endpoint['SubnetIds']


def _subnet_groups():
    for name, record in _databases():
        yield name, [_subnet_group(record).get('DBSubnetGroupName')]


def _parameter_groups():
    for name, record in rds._instances.items():
        yield f'DB instance {name}', [group['DBParameterGroupName'] for group in record['DBParameterGroups']]


def _cluster_parameter_groups():
    for name, record in rds._clusters.items():
        yield f'DB cluster {name}', [record.get('_ParameterGroup')]


_USERS = {
    'AWS::EC2::SecurityGroup': _groups,
    'AWS::EC2::Subnet': _subnets,
    'AWS::RDS::DBSubnetGroup': _subnet_groups,
    'AWS::RDS::DBParameterGroup': _parameter_groups,
    'AWS::RDS::DBClusterParameterGroup': _cluster_parameter_groups,
}


def _databases():
    yield from ((f'DB instance {name}', record) for name, record in rds._instances.items())
    yield from ((f'DB cluster {name}', record) for name, record in rds._clusters.items())


def _subnet_group(record):
    group = record['DBSubnetGroup']
    return rds._subnet_groups.get(group, {}) if isinstance(group, str) else group


def _functions():
    for record in functions._functions.values():
        yield f"function {record['config']['FunctionName']}", record['config'].get('VpcConfig') or {}
