"""CloudFormation's resource types in ministack: how to replace what it does to one."""

import ministack.services.cloudformation.provisioners as provisioners

_handlers = provisioners._RESOURCE_HANDLERS


def original(resource_type):
    """The handlers of a type as they are now: 'create', 'update', 'delete'."""
    return dict(_handlers[resource_type])


def override(resource_type, **handlers):
    """Sets handlers of a type; those not named stay. Who raises makes the resource fail, and says why in the stack's
    events."""
    _handlers[resource_type] = {**_handlers.get(resource_type, {}), **handlers}
