"""AWS::RDS::DBInstance for PostgreSQL: a real server, which deletion protection protects, and whatever it needs with it."""

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.rds as rds

from cloudformation import original, override
from postgres_server import PostgresServer

INSTANCE = 'AWS::RDS::DBInstance'
_servers = {}


def install():
    """Puts the instance in place, and makes what an instance uses undeletable."""
    _install_instance()
    for resource_type, used_by in _USED.items():
        _refuse_deletion_in_use(resource_type, used_by)


def stop_all():
    """Stops the servers, those of retained instances included."""
    for name in list(_servers):
        _servers.pop(name).stop()


def _install_instance():
    instance = original(INSTANCE)

    def create(logical_id, properties, stack_name):
        name, _ = instance['create'](logical_id, properties, stack_name)
        record = rds._instances[name]
        group = rds._param_groups.get(properties.get('DBParameterGroupName'), {'Parameters': {}})
        server = PostgresServer(name)
        force_ssl = _parameter(group, 'rds.force_ssl', '1') == '1'
        server.start(record['MasterUsername'], record['_MasterUserPassword'], properties.get('DBName'), force_ssl)
        _servers[name] = server
        record['Endpoint'].update(Address='localhost', Port=server.port)
        return name, provisioners._rds_db_instance_attrs(record)

    def delete(name, properties):
        if rds._instances[name]['DeletionProtection']:
            raise ValueError('Cannot delete protected DB Instance, please disable deletion protection and try again.')
        _servers.pop(name).stop()
        instance['delete'](name, properties)

    override(INSTANCE, create=create, delete=delete)


def _parameter(group, name, default):
    value = group['Parameters'].get(name, default)
    return str(value['ParameterValue'] if isinstance(value, dict) else value)


# How an instance's record names what it uses. In EC2 the user is the instance's network interface.
_USED = {
    'AWS::EC2::SecurityGroup': lambda record: [group['VpcSecurityGroupId'] for group in record['VpcSecurityGroups']],
    'AWS::EC2::Subnet': lambda record: [subnet['SubnetIdentifier'] for subnet in record['DBSubnetGroup']['Subnets']],
    'AWS::RDS::DBParameterGroup': lambda record: [group['DBParameterGroupName'] for group in record['DBParameterGroups']],
    'AWS::RDS::DBSubnetGroup': lambda record: [record['DBSubnetGroup']['DBSubnetGroupName']],
}


def _refuse_deletion_in_use(resource_type, used_by):
    resource = original(resource_type)

    def delete(physical_id, *args):
        for name, record in rds._instances.items():
            if physical_id in used_by(record):
                raise ValueError(f'{resource_type} {physical_id} is in use by DB instance {name}')
        return resource['delete'](physical_id, *args)

    override(resource_type, delete=delete)
