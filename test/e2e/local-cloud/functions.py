"""Lambda functions as AWS invokes them: by the function's own policy, and from the subnets and security groups that
they are in."""

import fnmatch
import logging

import ministack.services.cloudformation.custom_resource as custom_resource
import ministack.services.lambda_svc as service
from ministack.core.responses import new_uuid

import invocation
from cloudformation import original, override
from reachability import Unreachable

FUNCTION = 'AWS::Lambda::Function'
INVOKE = ('lambda:InvokeFunction', 'lambda:*')
log = logging.getLogger('local-cloud')


class FunctionFailed(Exception):
    """What Lambda reports of an invocation that failed."""


def install():
    """Keeps the VPC of functions, of which ministack knows nothing, and puts a check before each invocation."""
    function = original(FUNCTION)

    def in_vpc(done, properties):
        service._functions[done[0]]['config']['VpcConfig'] = properties.get('VpcConfig', {})
        return done

    override(
        FUNCTION,
        create=lambda logical_id, properties, *more: in_vpc(
            function['create'](logical_id, properties, *more), properties),
        update=lambda physical_id, old, new, *more: in_vpc(function['update'](physical_id, old, new, *more), new),
    )
    service._execute_function = _from_its_vpc(service._execute_function)


def refusal(function_arn, principal, context):
    """Why the function's policy does not let a service invoke it that sends these condition keys, in lower case, and no
    others; or None."""
    record, _, _ = service._get_func_record_for_ref(function_arn)
    if record is None:
        return 'there is no such function'
    unmet = [_unmet(statement, principal, context) for statement in record['policy']['Statement']]
    return None if None in unmet else '; '.join(unmet) or 'its policy is empty'


def invoke(function_arn, event):
    """Invokes a function and waits for its end."""
    record, config, _ = service._get_func_record_for_ref(function_arn)
    if record is None:
        raise FunctionFailed(f'function not found: {function_arn}')
    result = service._execute_function_with_config_scope(service._execution_record_for_config(record, config), event)
    if result.get('error') or result.get('function_error'):
        raise FunctionFailed(_message(result))


def _from_its_vpc(execute):
    asked = set()

    def checked(func, event):
        config = func.get('config') or func
        url = event.get('ResponseURL') if isinstance(event, dict) else None
        # who is invoked by CloudFormation, not by CDK's framework with the same event
        answers = url is not None and url not in asked
        asked.add(url)
        try:
            invocation.check(config, event, answers)
            result = execute(func, event)
        except Unreachable as obstacle:
            result = _timed_out(func, config, obstacle)
        if result.get('error') and answers:
            _end_waiting(url, _message(result))
        return result
    return checked


def _timed_out(func, config, obstacle):
    """What AWS says after the time; and what it does not say, the cause."""
    request_id = new_uuid()
    message = f"{request_id} Task timed out after {config['Timeout']}.00 seconds (local cloud: {obstacle})"
    log.error('%s: %s', config['FunctionName'], message)
    service._emit_lambda_logs(func, request_id, message, True, int(config['Timeout']) * 1000)
    return {'error': True, 'body': {'errorType': 'Sandbox.Timedout', 'errorMessage': message}, 'log': message}


def _end_waiting(response_url, message):
    """CloudFormation waits for the answer of a function that failed without one, for up to an hour; it need not
    here."""
    pending = custom_resource._pending.get(response_url.rsplit('/', 1)[1])
    if pending and pending['result'] is None:
        pending['result'] = {'Status': 'FAILED', 'Reason': f'CloudFormation did not receive a response from your '
                                                           f'Custom Resource. {message}'}
        pending['event'].set()


def _message(result):
    body = result.get('body')
    return body['errorMessage'] if isinstance(body, dict) else body


def _unmet(statement, principal, context):
    """What of a statement does not hold, or None where it allows."""
    if statement['Principal'] not in ('*', {'Service': principal}):
        return f"{statement['Sid']} is about {statement['Principal']}"
    if statement['Effect'] != 'Allow' or statement['Action'] not in INVOKE:
        return f"{statement['Sid']} does not allow to invoke"
    for conditions in statement.get('Condition', {}).values():
        for key, pattern in conditions.items():
            sent = context.get(key.lower())
            if sent is None or not fnmatch.fnmatchcase(sent, pattern):
                return f"{statement['Sid']} wants {key} to be {pattern}, and it is {sent or 'not sent'}"
    return None
