"""Secrets Manager's actions on values and labels, as strict as AWS's; ministack's own lose and overwrite labels."""

import json
import uuid

import ministack.services.secretsmanager as service
from ministack.core.responses import error_response_json, json_response

import version_stages
from errors import ServiceError

_describe = service._describe_secret


def find(secret_id):
    """Finds a secret by name, by ARN, or by the ARN without its random suffix."""
    for name, secret in service._secrets.items():
        if secret_id in (name, secret['ARN'], secret['ARN'][:-7]):
            if secret.get('DeletedDate'):
                raise ServiceError('InvalidRequestException',
                                   "You can't perform this operation on the secret because it was marked for deletion.")
            return secret
    raise ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")


def token(data):
    """The id of the version that a request makes."""
    given = data.get('ClientRequestToken') or str(uuid.uuid4())
    if not 32 <= len(given) <= 64:
        raise ServiceError('InvalidParameterException', 'ClientRequestToken must be 32-64 characters long.')
    return given


def action(name):
    """Puts a function (secret, request) -> answer in the place of ministack's action of that name in snake case."""
    def install(function):
        def answer(data):
            try:
                secret = find(data.get('SecretId'))
                return json_response({'ARN': secret['ARN'], 'Name': secret['Name'], **function(secret, data)})
            except ServiceError as error:
                return error_response_json(error.code, str(error), 400)
        setattr(service, name, answer)
        return answer
    return install


@action('_get_secret_value')
def get_secret_value(secret, data):
    version_id = version_stages.read(secret, data.get('VersionId'), data.get('VersionStage'))
    version = secret['Versions'][version_id]
    value = {key: version[key] for key in ('SecretString', 'SecretBinary') if version[key] is not None}
    return {'VersionId': version_id, 'VersionStages': list(version['Stages']), 'CreatedDate': version['CreatedDate'],
            **value}


@action('_put_secret_value')
def put_secret_value(secret, data):
    string, binary = data.get('SecretString'), data.get('SecretBinary')
    if (string is None) == (binary is None):
        raise ServiceError('InvalidParameterException', 'You must provide either SecretString or SecretBinary.')
    if secret.get('OwningService'):
        raise ServiceError('InvalidRequestException',
                           f"This secret is managed by {secret['OwningService']}; only that service changes it.")
    version_id = token(data)
    version_stages.put(secret, version_id, string, binary, data.get('VersionStages') or [version_stages.CURRENT])
    return {'VersionId': version_id, 'VersionStages': list(secret['Versions'][version_id]['Stages'])}


@action('_update_secret_version_stage')
def update_secret_version_stage(secret, data):
    version_stages.move(secret, data.get('VersionStage'), data.get('MoveToVersionId'), data.get('RemoveFromVersionId'))
    return {}


@action('_list_secret_version_ids')
def list_secret_version_ids(secret, data):
    return {'Versions': [
        {'VersionId': version_id, 'VersionStages': list(version['Stages']), 'CreatedDate': version['CreatedDate']}
        for version_id, version in secret['Versions'].items() if version['Stages'] or data.get('IncludeDeprecated')
    ]}


def describe_secret(data):
    """With the date of the last rotation and the owner, which ministack leaves out."""
    status, _, body = answer = _describe(data)
    if status >= 400:
        return answer
    _, secret = service._resolve(data['SecretId'])
    return json_response({**json.loads(body),
                          **{name: secret[name] for name in ('LastRotatedDate', 'OwningService') if secret.get(name)}})


service._describe_secret = describe_secret

# What UpdateSecret, and with it CloudFormation, does to labels.
service._apply_current_promotion = version_stages.publish
