"""What an invocation of a function calls, as far as its event and its environment tell, and whether it gets there."""

import json

import database
import reachability
import secrets_manager
import version_stages
from errors import ServiceError

# CDK's provider framework: it hands the event on to another function, and calls nothing that the event names but
# CloudFormation.
HANDS_ON = 'USER_ON_EVENT_FUNCTION_ARN'


def check(config, event, answers):
    """Raises Unreachable, which names what is missing. All functions in a VPC are taken to call Secrets Manager.

    `answers`: the function is the one that CloudFormation waits for.
    """
    vpc = config.get('VpcConfig') or {}
    function = reachability.Side(f"function {config['FunctionName']}", vpc.get('SecurityGroupIds', []),
                                 vpc.get('SubnetIds', []))
    servers = [server for server in map(database.side_at, _addresses(config, event)) if server]
    if not function.subnets:
        for server, _ in servers:
            raise reachability.Unreachable(f'{function.name} is in no VPC, {server.name} is')
        return
    reachability.reach_service(function, 'secretsmanager')
    for server, port in servers:
        reachability.connect(function, server, port)
    if answers:
        reachability.reach_internet(function, "CloudFormation's response URL")


def _addresses(config, event):
    """Host and port of each server that is named: by a secret, by a consumer's environment, or by the properties of a
    custom resource."""
    environment = config['Environment']['Variables']
    if HANDS_ON in environment or not isinstance(event, dict):
        return set()
    secrets = [event.get('SecretId'), environment.get('ROTATING_POSTGRES_SECRET_ARN')]
    named = [_value(secret) for secret in secrets if secret]
    named += [{'host': environment.get('PGHOST'), 'port': environment.get('PGPORT')},
              event.get('ResourceProperties', {})]
    return {(each['host'], str(each['port'])) for each in named if each.get('host') and each.get('port')}


def _value(secret_id):
    try:
        secret = secrets_manager.find(secret_id)
        return json.loads(secret['Versions'][version_stages.read(secret)]['SecretString'])
    except (ServiceError, ValueError):
        return {}
