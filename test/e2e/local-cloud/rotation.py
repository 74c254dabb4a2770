"""RotateSecret, which ministack only acts out: here it invokes the deployed function, step by step."""

import contextvars
import logging
import threading
import time

from ministack.core.responses import get_account_id

import functions
import managed_master
import version_stages
from errors import ServiceError
from secrets_manager import action, token

STEPS = ('createSecret', 'setSecret', 'testSecret', 'finishSecret')
log = logging.getLogger('local-cloud')


@action('_rotate_secret')
def rotate_secret(secret, data):
    """Begins a rotation, which runs on after the answer. It is tried once, where AWS repeats it: nothing heals
    unseen."""
    version_id = token(data)
    if secret.get('OwningService'):
        return _rotate_managed(secret, version_id)
    function_arn = data.get('RotationLambdaARN') or secret.get('RotationLambdaARN')
    if not function_arn:
        raise ServiceError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.')
    # AWS documents that Secrets Manager sends the source account. It documents no source ARN.
    refusal = functions.refusal(function_arn, 'secretsmanager.amazonaws.com', {'aws:sourceaccount': get_account_id()})
    if refusal:
        raise ServiceError('AccessDeniedException',
                           'Secrets Manager cannot invoke the specified Lambda function. Ensure that the '
                           f'function policy grants access to the principal secretsmanager.amazonaws.com. (local '
                           f'cloud: {refusal})')
    if version_id in secret['Versions']:
        return {'VersionId': version_id}
    if version_stages.rotation_incomplete(secret):
        raise ServiceError('InvalidRequestException',
                           "A previous rotation isn't complete. That rotation will be reattempted.")
    secret.update(RotationLambdaARN=function_arn, RotationEnabled=True,
                  RotationRules=data.get('RotationRules') or secret.get('RotationRules'))
    immediately = data.get('RotateImmediately') is not False
    version_stages.stage_new(secret, version_id, version_stages.PENDING)
    run = _rotate if immediately else _test
    context = contextvars.copy_context()  # carries account and Region into the thread
    threading.Thread(target=context.run, args=(run, secret, version_id), daemon=True).start()
    return {'VersionId': version_id} if immediately else {}


def cancel(secret):
    """Ends the schedule and leaves the labels as they are: so does AWS."""
    secret['RotationEnabled'] = False


def _rotate(secret, version_id):
    if not all(_step(secret, version_id, step) for step in STEPS):
        return
    if version_stages.CURRENT not in secret['Versions'][version_id]['Stages']:
        log.error('rotation of %s failed: finishSecret did not move AWSCURRENT', secret['ARN'])
        return
    secret['LastRotatedDate'] = time.time()


def _rotate_managed(secret, version_id):
    """RDS rotates its own at once, of which no function is told."""
    managed_master.rotate(secret, version_id)
    secret['LastRotatedDate'] = time.time()
    return {'VersionId': version_id}


def _test(secret, version_id):
    """RotateImmediately=false: testSecret alone, on a passing AWSPENDING version that holds the current value."""
    current = secret['Versions'][version_stages.read(secret)]
    secret['Versions'][version_id].update(SecretString=current['SecretString'], SecretBinary=current['SecretBinary'])
    _step(secret, version_id, 'testSecret')
    del secret['Versions'][version_id]


def _step(secret, version_id, step):
    if not secret['RotationEnabled']:
        return False
    try:
        functions.invoke(secret['RotationLambdaARN'],
                         {'SecretId': secret['ARN'], 'ClientRequestToken': version_id, 'Step': step})
        return True
    except functions.FunctionFailed as failure:
        log.error('rotation of %s failed: %s: %s', secret['ARN'], step, failure)
        return False
