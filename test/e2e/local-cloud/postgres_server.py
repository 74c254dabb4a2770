"""A PostgreSQL that behaves as RDS does: TLS and SCRAM only, and a master user without superuser."""

import json
import os
import shutil
import socket
import subprocess

# From the runner (local-cloud.ts): PostgreSQL's programs, the files of this run, the user to run as where ours is root.
PROGRAMS = os.environ['LOCAL_CLOUD_POSTGRES']
FILES = os.environ['LOCAL_CLOUD_FILES']
USER = os.environ.get('LOCAL_CLOUD_POSTGRES_USER')
LOGS = os.path.join(FILES, 'server-logs')
TEMPLATE = os.path.join(FILES, 'template')
CHANGE_PASSWORD = os.path.join(os.path.dirname(__file__), 'change-password.js')


class PostgresServer:
    """A server in a directory of its own. Its log stays when it is gone."""

    def __init__(self, name):
        self.directory = os.path.join(FILES, 'instances', name)
        self.port = _free_port()
        self.running = False
        self._log = os.path.join(LOGS, f'{name}.log')

    def start(self, master_username, master_password, database, force_ssl):
        """Makes the server and starts it."""
        self._make_data_directory()
        self._create_master_user(master_username, master_password, database)
        for name in ('server.crt', 'server.key'):
            copy = shutil.copy(os.path.join(FILES, name), self.directory)
            os.chmod(copy, 0o600)
            _own(copy)
        self._write('postgresql.conf', self._settings())
        self._write('pg_hba.conf', f"{'hostssl' if force_ssl else 'host'} all all all scram-sha-256\n")
        os.makedirs(LOGS, exist_ok=True)
        _own(LOGS)
        self._run('pg_ctl', 'start', '--wait', '--log', self._log)
        self.running = True

    def stop(self):
        """Stops the server and deletes its data."""
        if self.running:
            self._run('pg_ctl', 'stop', '--wait', '--mode=immediate')
            shutil.rmtree(self.directory)

    def change_password(self, username, old, new):
        """What RDS does as a superuser, and this as the user: an existing session ends neither way."""
        login = {'port': self.port, 'user': username, 'password': old, 'newPassword': new}
        subprocess.run(['node', CHANGE_PASSWORD], input=json.dumps(login), text=True, check=True)

    def _make_data_directory(self):
        """A copy of an initialised one, which takes a tenth of the time."""
        if not os.path.exists(TEMPLATE):
            os.makedirs(TEMPLATE)
            _own(TEMPLATE)
            self._run('initdb', '--username=rdsadmin', '--auth=reject', '--encoding=UTF8', '--no-locale', '--no-sync',
                      directory=TEMPLATE)
        shutil.copytree(TEMPLATE, self.directory, symlinks=True)
        for path, _, files in os.walk(self.directory):
            for name in ('', *files):
                _own(os.path.join(path, name))

    def _create_master_user(self, username, password, database):
        """By single-user mode: before the server listens, and without a client, a superuser's password or a log."""
        role = _identifier(username)
        self._run('postgres', '--single', '-c', 'log_min_error_statement=panic', 'postgres', statements=[
            'CREATE ROLE rds_superuser NOLOGIN',
            'CREATE ROLE rds_iam NOLOGIN',
            'GRANT pg_monitor, pg_signal_backend, pg_checkpoint, rds_iam TO rds_superuser WITH ADMIN TRUE',
            f"CREATE ROLE {role} LOGIN CREATEDB CREATEROLE PASSWORD {_literal(password)} IN ROLE rds_superuser",
            f'ALTER DATABASE postgres OWNER TO {role}',
            *([f'CREATE DATABASE {_identifier(database)} OWNER {role}'] if database else []),
        ])

    def _run(self, program, *arguments, statements=None, directory=None):
        own_user = {'user': _ids()[0], 'group': _ids()[1], 'extra_groups': []} if USER else {}
        directory = directory or self.directory
        result = subprocess.run(
            [os.path.join(PROGRAMS, program), *arguments], cwd=directory,
            env={'LC_ALL': 'C', 'PGDATA': os.path.join(directory, 'data')},
            input='\n'.join(statements or []), text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            check=False, **own_user,
        )
        # In single-user mode a statement may fail and the program not.
        if result.returncode or (statements and 'ERROR:' in result.stderr):
            raise ValueError(f'{program}: {result.stderr}')

    def _write(self, name, content):
        with open(os.path.join(self.directory, 'data', name), 'w', encoding='utf-8') as file:
            file.write(content)

    def _settings(self):
        return f"""
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = {self.port}
ssl = on
ssl_cert_file = '{os.path.join(self.directory, 'server.crt')}'
ssl_key_file = '{os.path.join(self.directory, 'server.key')}'
password_encryption = 'scram-sha-256'
fsync = off
full_page_writes = off
log_connections = on
log_statement = 'all'
log_min_duration_statement = 0
"""


def _ids():
    return [int(part) for part in USER.split(':')]


def _own(path):
    if USER:
        os.chown(path, *_ids())


def _free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def _identifier(name):
    return '"' + name.replace('"', '""') + '"'


def _literal(text):
    return "'" + text.replace("'", "''") + "'"
