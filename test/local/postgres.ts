import { ChildProcess, execFile, ExecFileOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { AddressInfo, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { createAuthority } from './certificate';
import { postgresBinaries } from './postgres-binaries';

/** Who logs in. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** What a test needs to know of a running server; plain data, so that it fits an environment variable. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  /** PEM file of the authority that signed the server's certificate, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  readonly logFile: string;
  /** The administrator that an RDS user gets: no superuser. */
  readonly admin: Login;
  /** The real superuser. On RDS nobody has it; here it is reserved for the harness. */
  readonly superuser: Login;
}

/** A server of our own. */
export interface LocalPostgres extends PostgresServer {
  /** Stops the server and deletes its data. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
type Command = [file: string, args: string[], options: ExecFileOptions];

/** Starts a PostgreSQL 18 that behaves as RDS does: TLS only, SCRAM only, an admin without superuser. */
export async function startPostgres(): Promise<LocalPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'rotating-postgres-'));
  const { directory: bin, user } = postgresBinaries(directory);
  const options = { ...user, cwd: directory, env: { ...process.env, LC_ALL: 'C' } };
  const stopCommand: Command = [join(bin, 'pg_ctl'), ['stop', '-w', '-m', 'immediate', '-D', 'data'], options];
  const watch = watchdog(directory, stopCommand);
  const stop = async () => {
    await run(...stopCommand).catch(() => undefined); // not up, or not any more, as after a test that takes it down
    rmSync(directory, { recursive: true, force: true });
    watch.kill('SIGKILL');
  };
  try {
    const server = await start(directory, bin, options);
    return {
      ...server,
      admin: await createAdmin({ ...server, admin: server.superuser }, 'postgres', 'postgres'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(directory: string, bin: string, options: ExecFileOptions): Promise<Omit<PostgresServer, 'admin'>> {
  const { uid, gid } = options;
  const at = (name: string) => join(directory, name);
  const own = (path: string) => {
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
  };
  const write = (name: string, content: string) => {
    writeFileSync(at(name), content, { mode: 0o600 });
    own(at(name));
  };

  own(directory);
  const superuser = { username: 'rdsadmin', password: randomPassword() };
  const authority = await createAuthority('Local test authority');
  const identity = await authority.issue('localhost', '127.0.0.1');
  write('password', superuser.password);
  write('server.crt', identity.certificate);
  write('server.key', identity.privateKey);
  writeFileSync(at('ca.pem'), authority.certificate);
  await run(
    join(bin, 'initdb'),
    [
      '-D',
      'data',
      '-U',
      superuser.username,
      '--pwfile=password',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-locale',
      '--no-sync',
    ],
    options,
  );

  const port = await freePort();
  appendFileSync(at('data/postgresql.conf'), settings(port, directory));
  // Without TLS no line matches, which is what a server with rds.force_ssl answers.
  writeFileSync(at('data/pg_hba.conf'), 'hostssl all all all scram-sha-256\n');
  await run(join(bin, 'pg_ctl'), ['start', '-w', '-D', 'data', '-l', 'server.log'], options).catch(() => {
    throw new Error(`PostgreSQL does not start: ${readFileSync(at('server.log'), 'utf8')}`);
  });
  return { host: 'localhost', port, caFile: at('ca.pem'), logFile: at('server.log'), superuser };
}

/** As on RDS: may create roles and databases, belongs to `rds_superuser`, owns its database, and is no superuser. */
export async function createAdmin(server: PostgresServer, username: string, database: string): Promise<Login> {
  const admin = { username, password: randomPassword() };
  const [role, owned] = [escapeIdentifier(username), escapeIdentifier(database)];
  await withClient(server, server.superuser, 'postgres', async client => {
    // else this password, sent in the clear, is in the log that tests search
    await client.query('SET log_statement = none');
    const { rows } = await client.query(
      'SELECT (SELECT count(*) FROM pg_database WHERE datname = $1)::int AS databases,' +
        " (SELECT count(*) FROM pg_roles WHERE rolname = 'rds_superuser')::int AS groups",
      [database],
    );
    if (!rows[0].groups) {
      await client.query(
        'CREATE ROLE rds_superuser NOLOGIN; GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION',
      );
    }
    await client.query(
      `CREATE ROLE ${role} LOGIN CREATEDB CREATEROLE PASSWORD ${escapeLiteral(admin.password)} IN ROLE rds_superuser`,
    );
    await client.query(
      rows[0].databases ? `ALTER DATABASE ${owned} OWNER TO ${role}` : `CREATE DATABASE ${owned} OWNER ${role}`,
    );
  });
  return admin;
}

/** Runs `use` with a connection of that login, over verified TLS, and closes it. */
export async function withClient<T>(
  server: PostgresServer,
  login: Login,
  database: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({
    host: server.host,
    port: server.port,
    user: login.username,
    password: login.password,
    database,
    ssl: { ca: readFileSync(server.caFile, 'utf8') },
  });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** A password of the alphabet that every part accepts. */
export function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}

function settings(port: number, directory: string): string {
  return `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = ${port}
max_connections = 300
ssl = on
ssl_cert_file = '${join(directory, 'server.crt')}'
ssl_key_file = '${join(directory, 'server.key')}'
password_encryption = 'scram-sha-256'
fsync = off
full_page_writes = off
log_connections = on
log_statement = 'ddl'
log_line_prefix = '%t:%r:%u@%d:[%p]:'
`;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise(resolve => probe.close(resolve));
  return port;
}

/**
 * A process that outlives ours, however ours ends, and takes the server and its data along: it notices that its input
 * ends.
 */
function watchdog(directory: string, stopCommand: Command): ChildProcess {
  const script = `
    const [[command, args, options], directory] = ${JSON.stringify([stopCommand, directory])};
    process.on('SIGINT', () => {});
    process.stdin.resume().on('end', () => {
      try { require('node:child_process').execFileSync(command, args, { ...options, stdio: 'ignore' }); } catch {}
      require('node:fs').rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}
