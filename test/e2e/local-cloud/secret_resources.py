"""CloudFormation's resource types of Secrets Manager: two that ministack lacks, two that it does otherwise than AWS."""

import json

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.secretsmanager as service

import rotation
import secrets_manager
from cloudformation import original, override
from errors import ServiceError

SECRET = 'AWS::SecretsManager::Secret'
_IDENTIFIERS = {'AWS::RDS::DBInstance': 'dbInstanceIdentifier', 'AWS::RDS::DBCluster': 'dbClusterIdentifier'}


def install():
    """Puts all types in place."""
    _install_secret()
    _install_target_attachment()
    _install_rotation_schedule()
    _install_resource_policy()


def _name_of(secret_arn):
    _, secret = service._resolve(secret_arn)
    return secret['Name'] if secret else secret_arn


def _install_secret():
    """Ref of a secret is its ARN; ministack takes the name."""
    secret = original(SECRET)

    def by_arn(created):
        _, attributes = created
        return attributes['Arn'], attributes

    override(
        SECRET,
        create=lambda *args: by_arn(secret['create'](*args)),
        update=lambda physical_id, *args, **more: by_arn(secret['update'](_name_of(physical_id), *args, **more)),
        delete=lambda physical_id, *args: secret['delete'](_name_of(physical_id), *args),
    )


def _install_target_attachment():
    """AWS also writes the identifier of the instance or cluster."""
    connection = provisioners._sm_target_connection

    def with_identifier(target_type, target_id):
        return {**connection(target_type, target_id), _IDENTIFIERS[target_type]: target_id}

    provisioners._sm_target_connection = with_identifier
    provisioners._SM_TARGET_KEYS += tuple(_IDENTIFIERS.values())


def _install_rotation_schedule():
    def create(_logical_id, properties, _stack_name):
        immediately = str(properties.get('RotateImmediatelyOnUpdate', True)).lower() != 'false'
        status, _, body = rotation.rotate_secret({
            'SecretId': properties['SecretId'],
            'RotationLambdaARN': properties.get('RotationLambdaARN'),
            'RotationRules': properties.get('RotationRules'),
            'RotateImmediately': immediately,
        })
        if status >= 400:
            raise ValueError(json.loads(body)['message'])
        return properties['SecretId'], {'Id': properties['SecretId']}

    def delete(physical_id, _properties):
        try:
            rotation.cancel(secrets_manager.find(physical_id))
        except ServiceError:
            pass  # the secret went first

    override('AWS::SecretsManager::RotationSchedule', create=create, delete=delete,
             update=lambda _id, _old, new, stack_name: create(None, new, stack_name))


def _install_resource_policy():
    def create(_logical_id, properties, _stack_name):
        secret = secrets_manager.find(properties['SecretId'])
        if secret['ARN'] in service._resource_policies:
            raise ValueError(f"A resource policy already exists on {secret['ARN']}")
        return put(secret, properties)

    def put(secret, properties):
        service._put_resource_policy({'SecretId': secret['ARN'],
                                      'ResourcePolicy': json.dumps(properties['ResourcePolicy'])})
        return secret['ARN'], {'Id': secret['ARN']}

    def delete(physical_id, _properties):
        service._resource_policies.pop(physical_id, None)

    override('AWS::SecretsManager::ResourcePolicy', create=create, delete=delete,
             update=lambda physical_id, _old, new, _stack_name: put(secrets_manager.find(physical_id), new))
