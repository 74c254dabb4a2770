"""The local AWS: ministack, and what it lacks for this library. Started by ../local-cloud.ts.

It ends, with its PostgreSQL servers, when its standard input does: however the runner ends, nothing stays behind.
"""

import os
import shutil
import sys
import threading

import database
import functions
import in_use
import network
import policy_sizes
import postgres_server
import secret_resources


def _end_with_input():
    sys.stdin.buffer.read()
    database.stop_all()
    shutil.rmtree(postgres_server.FILES, ignore_errors=True)
    os._exit(0)


if __name__ == '__main__':
    for part in (secret_resources, network, database, functions, policy_sizes, in_use):
        part.install()
    threading.Thread(target=_end_with_input, daemon=True).start()
    from ministack.app import main
    main()
