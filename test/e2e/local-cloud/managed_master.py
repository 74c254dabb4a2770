"""The password that RDS keeps itself: its secret has the user name and the password, and RDS rotates it without a
function."""

import json
import secrets
import string

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.secretsmanager as service
from ministack.core.responses import new_uuid

import secrets_manager
import version_stages

OWNER = 'rds'
_KINDS = {'db': 'DBInstance', 'cluster': 'DBCluster'}
_records = {}


def create(record, kind, properties, change_password):
    """Makes the secret of a database that asks for it; `kind` is `db` or `cluster`. `change_password` takes the record
    and the old one."""
    if str(properties.get('ManageMasterUserPassword')).lower() != 'true':
        return
    if properties.get('MasterUserPassword'):
        raise ValueError("You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.")
    record['_MasterUserPassword'] = _password()
    arn = service.create_secret_in_process(f'rds!{kind}-{new_uuid()}', _value(record), 'Secret managed by RDS')
    key = (properties.get('MasterUserSecret') or {}).get('KmsKeyId')
    record['MasterUserSecret'] = {'SecretArn': arn, 'SecretStatus': 'active', 'KmsKeyId': key}
    database = record.get('DBInstanceArn') or record['DBClusterArn']
    secrets_manager.find(arn).update(KmsKeyId=key, OwningService=OWNER, RotationEnabled=True,
                                     RotationRules={'AutomaticallyAfterDays': 7}, Tags=[
        {'Key': 'aws:secretsmanager:owningService', 'Value': OWNER},
        {'Key': f'aws:rds:primary{_KINDS[kind]}Arn', 'Value': database},
    ])
    _records[arn] = record, change_password


def delete(record):
    """Takes the secret away with its database."""
    secret = record.get('MasterUserSecret')
    if secret:
        _records.pop(secret['SecretArn'], None)
        service.delete_secret_in_process(secret['SecretArn'])


def rotate(secret, version_id):
    """What RDS does: a new password for the server, then a new version of the secret."""
    record, change_password = _records[secret['ARN']]
    old, record['_MasterUserPassword'] = record['_MasterUserPassword'], _password()
    change_password(record, old)
    version_stages.put(secret, version_id, _value(record), None, [])
    version_stages.move(secret, version_stages.CURRENT, version_id,
                        version_stages.holder(secret, version_stages.CURRENT))


def add_attribute(attributes_of):
    """Fn::GetAtt of the secret's ARN."""
    attributes = getattr(provisioners, attributes_of)

    def with_secret(record):
        secret = record.get('MasterUserSecret')
        return {**attributes(record), **({'MasterUserSecret.SecretArn': secret['SecretArn']} if secret else {})}

    setattr(provisioners, attributes_of, with_secret)


def _value(record):
    return json.dumps({'username': record['MasterUsername'], 'password': record['_MasterUserPassword']})


def _password():
    return ''.join(secrets.choice(string.ascii_letters + string.digits + '-_.!#%') for _ in range(28))
