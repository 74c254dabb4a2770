"""Quotas of AWS that templates run into, in the words of AWS."""

import json

import ministack.services.iam as iam
import ministack.services.lambda_svc as functions
from ministack.core.responses import error_response_json

from cloudformation import original, override

ROLE = 10_240
FUNCTION = 20_480
KEY = 32_768
SECRET = 20_480
ENVIRONMENT = 4_096


def install():
    """Makes what is too large fail. After all types are in place."""
    _limit_role()
    _limit_function_policy()
    _limit('AWS::KMS::Key', 'KeyPolicy', KEY, 'Policy is longer than the quota of {limit} bytes: {size}')
    _limit('AWS::SecretsManager::ResourcePolicy', 'ResourcePolicy', SECRET,
           'The resource policy is longer than {limit} characters: {size}')
    _limit('AWS::Lambda::Function', 'Environment', ENVIRONMENT,
           'Lambda was unable to configure your environment variables because the '
           'environment variables you have provided exceeded the 4KB limit: {size}')


def _limit_role():
    """All inline policies of a role together, without white space."""
    put_role_policy = iam._put_role_policy

    def put(parameters):
        role = iam._roles.get(iam._p(parameters, 'RoleName'))
        name, document = iam._p(parameters, 'PolicyName'), iam._p(parameters, 'PolicyDocument')
        if role and _too_large({**role['InlinePolicies'], name: document}):
            return iam._error(409, 'LimitExceeded', _role_message(role['RoleName']), ns='iam')
        return put_role_policy(parameters)

    iam._put_role_policy = put
    role = original('AWS::IAM::Role')

    def checked(properties):
        if _too_large({policy['PolicyName']: policy['PolicyDocument'] for policy in properties.get('Policies', [])}):
            raise ValueError(_role_message(properties.get('RoleName', '')))

    def create(logical_id, properties, *more):
        checked(properties)
        return role['create'](logical_id, properties, *more)

    def update(physical_id, old, new, *more):
        checked(new)
        return role['update'](physical_id, old, new, *more)

    override('AWS::IAM::Role', create=create, update=update)


def _too_large(policies):
    return sum(len(_compact(document)) for document in policies.values()) > ROLE


def _role_message(name):
    return f'Maximum policy size of {ROLE} bytes exceeded for role {name}'


def _limit_function_policy():
    add_permission = functions._add_permission

    def add(name, *args, **more):
        answer = add_permission(name, *args, **more)
        policy = functions._functions[name]['policy'] if name in functions._functions else {}
        size = len(_compact(policy))
        if answer[0] >= 400 or size <= FUNCTION:
            return answer
        policy['Statement'].pop()
        return error_response_json('PolicyLengthExceededException',
                                   f'The final policy size ({size}) is bigger than the limit ({FUNCTION}).', 400)

    functions._add_permission = add


def _limit(resource_type, name, limit, message):
    """A property that may not be longer, as JSON."""
    resource = original(resource_type)

    def checked(properties):
        size = len(_compact(properties.get(name) or {}))
        if size > limit:
            raise ValueError(message.format(limit=limit, size=size))

    def create(logical_id, properties, *more):
        checked(properties)
        return resource['create'](logical_id, properties, *more)

    def update(physical_id, old, new, *more):
        checked(new)
        return resource['update'](physical_id, old, new, *more)

    override(resource_type, create=create, update=update)


def _compact(document):
    value = json.loads(document) if isinstance(document, str) else document
    return json.dumps(value, separators=(',', ':'))
