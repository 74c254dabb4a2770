"""Secrets Manager's rules for versions and staging labels, on the records that ministack keeps.

They are those of test/local/secret.ts. A record's 'Versions' maps the id of a version to its 'SecretString',
'SecretBinary', 'CreatedDate' and 'Stages'.
"""

import time

from errors import ServiceError

CURRENT = 'AWSCURRENT'
PENDING = 'AWSPENDING'
PREVIOUS = 'AWSPREVIOUS'


def holder(secret, stage):
    """The id of the version that has a label; no label is on two."""
    return next((version_id for version_id, version in secret['Versions'].items() if stage in version['Stages']), None)


def has_value(version):
    """A version may have labels and no value: a rotation begins so."""
    return version['SecretString'] is not None or version['SecretBinary'] is not None


def read(secret, version_id=None, stage=None):
    """The id of the version asked for, by id, label, both (which must agree) or neither (AWSCURRENT)."""
    found = version_id if version_id else holder(secret, stage or CURRENT)
    version = secret['Versions'].get(found)
    if version and version_id and stage and stage not in version['Stages']:
        raise ServiceError('InvalidRequestException',
                           'You provided a VersionStage that is not associated to the provided VersionId.')
    if not version or not has_value(version):
        raise _no_value(f'VersionId: {version_id}' if version_id else f'staging label: {stage or CURRENT}')
    return found


def stage_new(secret, version_id, *stages):
    """Makes a version that has labels and no value."""
    secret['Versions'][version_id] = {'SecretString': None, 'SecretBinary': None, 'CreatedDate': int(time.time()),
                                      'Stages': []}
    for stage in stages:
        _attach(secret, stage, version_id)


def put(secret, version_id, string, binary, stages):
    """Writes a value once: the same token with the same data changes nothing, with other data it fails."""
    version = secret['Versions'].get(version_id)
    if version and has_value(version):
        if (version['SecretString'], version['SecretBinary']) != (string, binary):
            raise ServiceError('ResourceExistsException',
                               f"You can't use ClientRequestToken {version_id} because that value is already "
                               f"in use for a version of secret {secret['ARN']}.")
        return
    if not version:
        stage_new(secret, version_id)
    secret['Versions'][version_id].update(SecretString=string, SecretBinary=binary)
    for stage in stages:
        _attach(secret, stage, version_id)
    if CURRENT in stages:
        _abandon_rotation(secret, version_id)
    _changed(secret)


def publish(secret, version_id):
    """Makes a version that has its value AWSCURRENT, as UpdateSecret does."""
    _attach(secret, CURRENT, version_id)
    _abandon_rotation(secret, version_id)
    _changed(secret)


def move(secret, stage, to=None, source=None):
    """UpdateSecretVersionStage: whoever takes a label away must name its holder."""
    held_by = holder(secret, stage)
    if to is not None and to not in secret['Versions']:
        raise _no_value(f'VersionId: {to}')
    if source is not None and source != held_by:
        raise ServiceError('InvalidParameterException',
                           f'The staging label {stage} is not attached to version {source}, named in '
                           f'RemoveFromVersionId.')
    if held_by is not None and held_by != to and source is None:
        raise ServiceError('InvalidParameterException',
                           f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently "
                           f"attached to version "
                           f'{held_by}, so you must explicitly reference that version in RemoveFromVersionId.')
    if stage == CURRENT and to is None:
        raise ServiceError('InvalidParameterException',
                           f"You can only move staging label {CURRENT} to a different secret version. It can't be "
                           f"completely removed.")
    if stage == CURRENT and not has_value(secret['Versions'][to]):
        raise _no_value(f'VersionId: {to}')
    if to is not None:
        _attach(secret, stage, to)
    elif held_by is not None:
        secret['Versions'][held_by]['Stages'].remove(stage)
    _changed(secret)


def rotation_incomplete(secret):
    """AWSPENDING is on a version that is not AWSCURRENT."""
    pending = holder(secret, PENDING)
    return pending is not None and CURRENT not in secret['Versions'][pending]['Stages']


def _attach(secret, stage, version_id):
    """Moving AWSCURRENT moves AWSPREVIOUS to the version that loses it."""
    held_by = holder(secret, stage)
    if held_by == version_id:
        return
    if held_by is not None:
        secret['Versions'][held_by]['Stages'].remove(stage)
    secret['Versions'][version_id]['Stages'].append(stage)
    if stage == CURRENT and held_by is not None:
        _attach(secret, PREVIOUS, held_by)


def _abandon_rotation(secret, written):
    """A value written by hand as AWSCURRENT ends a rotation under way."""
    pending = holder(secret, PENDING)
    if pending is not None and pending != written:
        secret['Versions'][pending]['Stages'].remove(PENDING)


def _changed(secret):
    secret['LastChangedDate'] = int(time.time())


def _no_value(what):
    return ServiceError('ResourceNotFoundException',
                        f"Secrets Manager can't find the specified secret value for {what}")
