"""What the account holds, as JSON: its resources, and all that CloudFormation and the functions wrote."""

import json
import sys

import botocore.session

# Service, operation, key of the answer's list, key of an item's identifier.
LISTINGS = (
    ('cloudformation', 'describe_stacks', 'Stacks', 'StackName'),
    ('cloudwatch', 'describe_alarms', 'MetricAlarms', 'AlarmName'),
    ('ec2', 'describe_addresses', 'Addresses', 'AllocationId'),
    ('ec2', 'describe_flow_logs', 'FlowLogs', 'FlowLogId'),
    ('ec2', 'describe_route_tables', 'RouteTables', 'RouteTableId'),
    ('ec2', 'describe_security_groups', 'SecurityGroups', 'GroupId'),
    ('ec2', 'describe_subnets', 'Subnets', 'SubnetId'),
    ('ec2', 'describe_vpc_endpoints', 'VpcEndpoints', 'VpcEndpointId'),
    ('ec2', 'describe_vpcs', 'Vpcs', 'VpcId'),
    ('events', 'list_rules', 'Rules', 'Name'),
    ('iam', 'list_roles', 'Roles', 'RoleName'),
    ('lambda', 'list_functions', 'Functions', 'FunctionName'),
    ('logs', 'describe_log_groups', 'logGroups', 'logGroupName'),
    ('rds', 'describe_db_clusters', 'DBClusters', 'DBClusterIdentifier'),
    ('rds', 'describe_db_cluster_parameter_groups', 'DBClusterParameterGroups', 'DBClusterParameterGroupName'),
    ('rds', 'describe_db_instances', 'DBInstances', 'DBInstanceIdentifier'),
    ('rds', 'describe_db_parameter_groups', 'DBParameterGroups', 'DBParameterGroupName'),
    ('rds', 'describe_db_subnet_groups', 'DBSubnetGroups', 'DBSubnetGroupName'),
    ('secretsmanager', 'list_secrets', 'SecretList', 'ARN'),
    ('sns', 'list_topics', 'Topics', 'TopicArn'),
)

session = botocore.session.get_session()


def resources():
    """Every resource as 'service key:identifier'; a key of KMS that is only pending deletion is gone."""
    found = [
        f'{service} {key}:{item[identifier]}'
        for service, operation, key, identifier in LISTINGS
        for item in getattr(client(service), operation)()[key]
    ]
    kms = client('kms')
    keys = [kms.describe_key(KeyId=key['KeyId'])['KeyMetadata'] for key in kms.list_keys()['Keys']]
    return sorted(found + [f"kms Keys:{key['KeyId']}" for key in keys if key['KeyState'] == 'Enabled'])


def events():
    """The events of every stack, with the properties of resources."""
    cloudformation = client('cloudformation')
    return [
        event
        for stack in cloudformation.describe_stacks()['Stacks']
        for event in cloudformation.describe_stack_events(StackName=stack['StackId'])['StackEvents']
    ]


def logs():
    """All that functions wrote: log group -> messages."""
    cloudwatch = client('logs')
    names = [group['logGroupName'] for group in cloudwatch.describe_log_groups()['logGroups']]
    return {name: [event['message'] for event in cloudwatch.filter_log_events(logGroupName=name)['events']]
            for name in names}


_clients = {}


def client(service):
    """The one client of a service; reading its model takes a while."""
    if service not in _clients:
        _clients[service] = session.create_client(service)
    return _clients[service]


if __name__ == '__main__':
    json.dump({'resources': resources(), 'events': events(), 'logs': logs()}, sys.stdout, default=str)
