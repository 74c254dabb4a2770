"""One call of an AWS API: aws.py SERVICE OPERATION < parameters as JSON. The answer, or the error with its code, as
JSON."""

import json
import sys

import botocore.exceptions
import botocore.session


def call(service, operation, parameters):
    client = botocore.session.get_session().create_client(service)
    method = getattr(client, operation)
    if client.can_paginate(operation):
        return client.get_paginator(operation).paginate(**parameters).build_full_result()
    return method(**parameters)


if __name__ == '__main__':
    try:
        answer = call(sys.argv[1], sys.argv[2], json.load(sys.stdin))
        json.dump(answer, sys.stdout,
                  default=lambda value: value.isoformat() if hasattr(value, 'isoformat') else str(value))
    except botocore.exceptions.ClientError as error:
        json.dump({'error': error.response['Error']['Code'], 'message': error.response['Error'].get('Message', '')},
                  sys.stdout)
