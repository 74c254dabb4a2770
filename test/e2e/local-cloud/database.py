"""AWS::RDS::DBInstance and AWS::RDS::DBCluster for PostgreSQL: real servers, which deletion protection protects.

A cluster is one server, however many instances it has: they differ by what they are asked for, not by what they answer.
So a read replica of an instance is that instance. Hosts tell them apart: `localhost` writes, `127.0.0.1` is an endpoint
for reading.
"""

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.rds as rds

import managed_master
from cloudformation import original, override
from postgres_server import PostgresServer
from reachability import Side

INSTANCE = 'AWS::RDS::DBInstance'
CLUSTER = 'AWS::RDS::DBCluster'
WRITER = 'localhost'
READER = '127.0.0.1'
_servers = {}


def install():
    """Puts both types in place."""
    managed_master.add_attribute('_rds_db_instance_attrs')
    managed_master.add_attribute('_rds_db_cluster_attrs')
    _install_instance()
    _install_cluster()


def stop_all():
    """Stops the servers, those of retained databases included."""
    for name in list(_servers):
        _servers.pop(name).stop()


def side_at(address):
    """Where in the network a database is, and its port; None of a server that RDS does not know."""
    host, port = address
    for name, record in rds._instances.items():
        if (record['Endpoint']['Address'], str(record['Endpoint']['Port'])) == (host, port) and name not in _members():
            return Side(f'database {name}', _groups(record), _subnets(record['DBSubnetGroup'])), int(port)
    for name, record in rds._clusters.items():
        if host in (record['Endpoint'], record['ReaderEndpoint']) and str(record['Port']) == port:
            return Side(f'database {name}', _groups(record),
                        _subnets(rds._subnet_groups[record['DBSubnetGroup']])), int(port)
    return None


def _install_instance():
    instance = original(INSTANCE)

    def create(logical_id, properties, stack_name):
        name, _ = instance['create'](logical_id, properties, stack_name)
        record = rds._instances[name]
        cluster = rds._clusters.get(record['DBClusterIdentifier'])
        source = properties.get('SourceDBInstanceIdentifier')
        if cluster:
            record.update(VpcSecurityGroups=cluster['VpcSecurityGroups'])
            if not _servers[cluster['DBClusterIdentifier']].running:
                _start(cluster, cluster['DatabaseName'])
            record['Endpoint'].update(Address=WRITER, Port=cluster['Port'])
        elif source:
            record['Endpoint'].update(Address=READER, Port=rds._instances[_name_of(source)]['Endpoint']['Port'])
        else:
            managed_master.create(record, 'db', properties, _change_password)
            _servers[name] = PostgresServer(name)
            _start(record, properties.get('DBName'))
            record['Endpoint'].update(Address=WRITER, Port=_servers[name].port)
        return name, provisioners._rds_db_instance_attrs(record)

    def delete(name, properties):
        record = rds._instances[name]
        if record['DeletionProtection']:
            raise ValueError('Cannot delete protected DB Instance, please disable deletion protection and try again.')
        if name in _servers:
            _servers.pop(name).stop()
        managed_master.delete(record)
        instance['delete'](name, properties)

    override(INSTANCE, create=create, delete=delete)


def _install_cluster():
    cluster = original(CLUSTER)

    def create(logical_id, properties, stack_name):
        name, _ = cluster['create'](logical_id, properties, stack_name)
        record = rds._clusters[name]
        managed_master.create(record, 'cluster', properties, _change_password)
        _servers[name] = PostgresServer(name)
        record.update(Endpoint=WRITER, ReaderEndpoint=READER, Port=_servers[name].port,
                      _ParameterGroup=properties.get('DBClusterParameterGroupName'))
        if properties.get('DBClusterInstanceClass'):
            _start(record, properties.get('DatabaseName'))  # a Multi-AZ DB cluster has its instances in it
        return name, provisioners._rds_db_cluster_attrs(record)

    def delete(name, properties):
        record = rds._clusters[name]
        if record['DeletionProtection']:
            raise ValueError('Cannot delete protected Cluster, please disable deletion protection and try again.')
        if record['DBClusterMembers']:
            raise ValueError('Cluster cannot be deleted, it still contains DB instances in non-deleting state.')
        _servers.pop(name).stop()
        managed_master.delete(record)
        cluster['delete'](name, properties)

    override(CLUSTER, create=create, delete=delete)


def _server(record):
    return _servers[record.get('DBInstanceIdentifier') or record['DBClusterIdentifier']]


def _start(record, database):
    _server(record).start(record['MasterUsername'], record['_MasterUserPassword'], database,
                          _parameter(record, 'rds.force_ssl', '1') == '1')


def _change_password(record, old):
    _server(record).change_password(record['MasterUsername'], old, record['_MasterUserPassword'])


def _parameter(record, name, default):
    if 'DBParameterGroups' in record:
        group = rds._param_groups.get(record['DBParameterGroups'][0]['DBParameterGroupName'])
    else:
        group = rds._db_cluster_param_groups.get(record['_ParameterGroup'])
    value = (group or {'Parameters': {}})['Parameters'].get(name, default)
    return str(value['ParameterValue'] if isinstance(value, dict) else value)


def _members():
    return {member['DBInstanceIdentifier'] for cluster in rds._clusters.values()
            for member in cluster['DBClusterMembers']}


def _groups(record):
    return [group['VpcSecurityGroupId'] for group in record['VpcSecurityGroups']]


def _subnets(group):
    return [subnet['SubnetIdentifier'] for subnet in group['Subnets']]


def _name_of(identifier):
    return identifier.rsplit(':', 1)[-1]
