"""The local AWS: ministack, and what it lacks for this library. Started by ../local-cloud.ts.

It ends, with its PostgreSQL servers, when its standard input does: however the runner ends, nothing stays behind.
"""

import os
import shutil
import sys
import threading

import database
import network
import postgres_server
import secret_resources


def _end_with_input():
    sys.stdin.buffer.read()
    database.stop_all()
    shutil.rmtree(postgres_server.FILES, ignore_errors=True)
    os._exit(0)


if __name__ == '__main__':
    secret_resources.install()
    network.install()
    database.install()
    threading.Thread(target=_end_with_input, daemon=True).start()
    from ministack.app import main
    main()
