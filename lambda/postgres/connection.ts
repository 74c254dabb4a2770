import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { databaseError, noAnswer, outOfTime } from './postgres-errors';
import type { Sql } from './template/sql';
import { type Allowances, transport } from './transport';
import { ScramOnly } from '../../client/src/shared/scram-only';
import type { Credential } from '../../client/src/shared/secret-value';
import { MAINTENANCE_DATABASE } from '../../src/contract';
import type { Purpose } from '../ports/database';
import type { Deadline } from '../ports/deadline';
import { log } from '../runtime/log';

/** TCP, TLS and login together. */
const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** Longer than the server's own `statement_timeout`, for a server that has gone silent. */
const ANSWER_TIMEOUT_MS = 12_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** What limits a connection: the time that is left, and the ways to log in that are allowed. */
export interface Limits {
  readonly deadline: Deadline;
  readonly settings: Allowances;
}

/**
 * The settings of every session. The owner of a database can set defaults for whoever connects to it, the admin
 * included; what a client asks for at its start goes before them.
 */
const SETTINGS = [
  'search_path=pg_catalog,pg_temp',
  'local_preload_libraries=',
  'default_transaction_read_only=off',
  'standard_conforming_strings=on',
];
/** The session is its login, whatever `SET role` default that has. */
const AS_ITSELF = 'role=none';
/** A transaction of several messages is idle in between, which the owner of the database may have forbidden. */
const PATIENT = ['idle_in_transaction_session_timeout=0', 'idle_session_timeout=0'];

/** A connection over verified TLS whose errors carry a code and no SQL. */
export class Connection {
  constructor(
    private readonly client: Client,
    readonly login: Credential,
    private readonly database: string,
    private readonly deadline: Deadline,
    /**
     * The session's `scram_iterations`, which a server reports from PostgreSQL 16 on: no verifier has to wait for a
     * query.
     */
    readonly scramIterations: string | null,
  ) {}

  async query<Row extends QueryResultRow>(statement: Sql, values?: unknown[]): Promise<Row[]> {
    return this.send(statement.text, values);
  }

  /** All of the statements or none: PostgreSQL runs what arrives in one message as one transaction. */
  async run(statements: readonly Sql[]): Promise<void> {
    if (statements.length > 0) await this.send(statements.map(({ text }) => text).join(';\n'));
  }

  /** Says goodbye, and does not wait long for an answer. */
  async close(): Promise<void> {
    const goodbye = this.client.end().catch(() => undefined);
    await Promise.race([goodbye, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    this.client.connection.stream.destroy();
  }

  private async send<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    const limit = Math.min(ANSWER_TIMEOUT_MS, this.deadline.remaining());
    if (limit === 0) throw outOfTime(this.login);
    // With the statement still in flight the connection is of no more use.
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

/** Opens a connection for a purpose. */
export async function connect(credential: Credential, purpose: Purpose, limits: Limits): Promise<Connection> {
  switch (purpose) {
    case 'administer':
      return open(credential, MAINTENANCE_DATABASE, [...SETTINGS, AS_ITSELF], limits);
    case 'change-own-password':
    case 'hand-over':
      return open(credential, credential.dbname, [...SETTINGS, AS_ITSELF], limits);
    case 'grant':
      return open(credential, credential.dbname, [...SETTINGS, AS_ITSELF, ...PATIENT], limits);
    case 'consume':
      return open(credential, credential.dbname, SETTINGS, limits);
  }
}

/** Opens a connection; it is closed again if the login fails. */
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
  client.on('error', () => undefined); // a connection lost while idle fails the next query, with its cause
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
    log.warn('the login was MD5; once rotated it has a SCRAM verifier', { server, username: credential.username });
  }
  if (ssl === false) {
    log.warn('the connection is not encrypted, as the secret asks', { server, username: credential.username });
  }
  return new Connection(client, credential, database, limits.deadline, scramIterations);
}

/** The server gives up before this side does, so that it says why. */
function timeouts(remaining: number): string[] {
  const within = (most: number, share: number) => Math.min(most, Math.ceil(remaining * share));
  return [`statement_timeout=${within(STATEMENT_TIMEOUT_MS, 0.8)}`, `lock_timeout=${within(LOCK_TIMEOUT_MS, 0.5)}`];
}
