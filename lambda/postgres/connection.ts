import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { databaseError, noAnswer, outOfTime } from './postgres-errors';
import type { Sql } from './template/sql';
import { type Allowances, transport } from './transport';
import { ScramOnly } from '../../client/src/shared/scram-only';
import type { Credential } from '../../client/src/shared/secret-value';
import { MAINTENANCE_DATABASE } from '../../src/contract';
import type { Deadline } from '../ports/deadline';
import { log } from '../runtime/log';

/** Limits the TCP connection, TLS handshake and login together. */
const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** Longer than the server's `statement_timeout`; it applies when the server does not answer at all. */
const ANSWER_TIMEOUT_MS = 12_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** The limits of a connection: the deadline and the allowed login methods. */
export interface Limits {
  readonly deadline: Deadline;
  readonly settings: Allowances;
}

/**
 * Startup options of every session. The owner of a database can set defaults for every role that connects to it,
 * including the admin. Startup options override those defaults.
 */
const SETTINGS = [
  'search_path=pg_catalog,pg_temp',
  'local_preload_libraries=',
  'default_transaction_read_only=off',
  'standard_conforming_strings=on',
];
/** Makes the session run as the login itself, regardless of the login's `SET role` default. */
const AS_ITSELF = 'role=none';
/**
 * A transaction of several messages is idle between them. The owner of the database may have set a timeout for that.
 */
const PATIENT = ['idle_in_transaction_session_timeout=0', 'idle_session_timeout=0'];

/** A connection over verified TLS. Its errors have a code and contain no SQL text. */
export class Connection {
  constructor(
    private readonly client: Client,
    readonly login: Credential,
    private readonly database: string,
    private readonly deadline: Deadline,
    /**
     * The session's `scram_iterations`. PostgreSQL 16 and later reports it at login, so that computing a verifier needs
     * no query; null on older servers.
     */
    readonly scramIterations: string | null,
  ) {}

  async query<Row extends QueryResultRow>(statement: Sql, values?: unknown[]): Promise<Row[]> {
    return this.send(statement.text, values);
  }

  /** Runs all of the statements or none: PostgreSQL runs the statements of one message as one transaction. */
  async run(statements: readonly Sql[]): Promise<void> {
    if (statements.length > 0) await this.send(statements.map(({ text }) => text).join(';\n'));
  }

  /** Closes the connection, and waits at most a second for the server. */
  async close(): Promise<void> {
    const goodbye = this.client.end().catch(() => undefined);
    await Promise.race([goodbye, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    this.client.connection.stream.destroy();
  }

  private async send<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    const limit = Math.min(ANSWER_TIMEOUT_MS, this.deadline.remaining());
    if (limit === 0) throw outOfTime(this.login);
    // A connection with a statement in flight cannot be reused.
    const timer = setTimeout(() => this.client.connection.stream.destroy(noAnswer(this.login, limit)), limit);
    try {
      return (await this.client.query<Row>(text, values)).rows;
    } catch (cause) {
      throw databaseError(cause, this.login, this.database);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Connects as the admin to the maintenance database, where roles are administered. */
export async function connectAsAdmin(credential: Credential, limits: Limits): Promise<Connection> {
  return open(credential, MAINTENANCE_DATABASE, [...SETTINGS, AS_ITSELF], limits);
}

/** Connects as the admin to the credential's database, whose owner may have set defaults and created objects. */
export async function connectAsAdminIn(credential: Credential, limits: Limits): Promise<Connection> {
  return open(credential, credential.dbname, [...SETTINGS, AS_ITSELF, ...PATIENT], limits);
}

/** Connects as the login itself to its database. */
export async function connectAsLogin(credential: Credential, limits: Limits): Promise<Connection> {
  return open(credential, credential.dbname, [...SETTINGS, AS_ITSELF], limits);
}

/** Connects as a consumer does: the login's `SET role` default applies. */
export async function connectAsConsumer(credential: Credential, limits: Limits): Promise<Connection> {
  return open(credential, credential.dbname, SETTINGS, limits);
}

/** Opens a connection, and closes it if the login fails. */
async function open(
  credential: Credential,
  database: string,
  settings: readonly string[],
  limits: Limits,
): Promise<Connection> {
  const remaining = limits.deadline.remaining();
  if (remaining === 0) throw outOfTime(credential);
  const connectTimeout = Math.min(CONNECT_TIMEOUT_MS, remaining);
  const ssl = transport(credential, limits.settings);
  const scram = new ScramOnly(`${credential.host}:${credential.port}`, limits.settings.allowMd5 && ssl !== false);
  const client = new Client({
    host: credential.host,
    port: credential.port,
    user: credential.username,
    password: credential.password,
    database,
    ssl,
    connectionTimeoutMillis: connectTimeout,
    application_name: 'cdk-rotating-postgres',
    options: [...settings, ...timeouts(remaining)].map(setting => `-c ${setting}`).join(' '),
  });
  client.on('error', () => undefined); // if an idle connection is lost, the next query fails and reports the cause
  scram.watch(client);
  let scramIterations: string | null = null;
  client.connection.on(
    'parameterStatus',
    ({ parameterName, parameterValue }: { parameterName: string; parameterValue: string }) => {
      if (parameterName === 'scram_iterations') scramIterations = parameterValue;
    },
  );
  try {
    await client.connect();
    scram.check();
  } catch (cause) {
    client.end().catch(() => undefined);
    throw databaseError(cause, credential, database, connectTimeout);
  }
  const server = `${credential.host}:${credential.port}`;
  if (scram.wasMd5) {
    log.warn('the login used MD5; a rotation stores a SCRAM verifier', { server, username: credential.username });
  }
  if (ssl === false) {
    log.warn('the connection is not encrypted, as the secret requests', { server, username: credential.username });
  }
  return new Connection(client, credential, database, limits.deadline, scramIterations);
}

/** The server's timeouts are shorter than this side's, so that the server reports the reason. */
function timeouts(remaining: number): string[] {
  const within = (most: number, share: number) => Math.min(most, Math.ceil(remaining * share));
  return [`statement_timeout=${within(STATEMENT_TIMEOUT_MS, 0.8)}`, `lock_timeout=${within(LOCK_TIMEOUT_MS, 0.5)}`];
}
