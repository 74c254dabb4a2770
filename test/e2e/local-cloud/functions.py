"""Lambda functions as other services call them: by the function's own policy."""

import ministack.services.lambda_svc as service

INVOKE = ('lambda:InvokeFunction', 'lambda:*')


class FunctionFailed(Exception):
    """What Lambda reports of an invocation that failed."""


def may_invoke(function_arn, principal, context):
    """Whether the function's policy lets a service invoke it that sends these condition keys, in lower case, and no others."""
    record, _, _ = service._get_func_record_for_ref(function_arn)
    return record is not None and any(_allows(statement, principal, context) for statement in record['policy']['Statement'])


def invoke(function_arn, event):
    """Invokes a function and waits for its end."""
    record, config, _ = service._get_func_record_for_ref(function_arn)
    if record is None:
        raise FunctionFailed(f'function not found: {function_arn}')
    result = service._execute_function_with_config_scope(service._execution_record_for_config(record, config), event)
    if result.get('error') or result.get('function_error'):
        body = result.get('body')
        raise FunctionFailed(body['errorMessage'] if isinstance(body, dict) else body)


def _allows(statement, principal, context):
    return (
        statement['Effect'] == 'Allow'
        and statement['Principal'] in ('*', {'Service': principal})
        and statement['Action'] in INVOKE
        and all(
            context.get(key.lower()) == value
            for conditions in statement.get('Condition', {}).values() for key, value in conditions.items()
        )
    )
