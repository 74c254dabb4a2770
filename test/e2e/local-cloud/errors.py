"""The error that an action of Secrets Manager answers."""


class ServiceError(Exception):
    """An error with AWS's code and, mostly, AWS's message."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
