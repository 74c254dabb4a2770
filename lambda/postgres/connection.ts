import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { databaseError } from './errors';
import { ScramOnly } from './scram-only';
import type { Credential } from '../../client/src/secret-value';
import { tlsOptions } from '../../client/src/tls';
import { MAINTENANCE_DATABASE } from '../../src/contract';
import type { Purpose } from '../ports/database';

const CONNECT_TIMEOUT_MS = 5_000;
/** Longer than the server's own `statement_timeout`, for a server that has gone silent. */
const QUERY_TIMEOUT_MS = 12_000;
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * The settings of every session. The owner of a database can set defaults for whoever connects to it, the admin included;
 * what a client asks for at its start goes before them.
 */
const SETTINGS = [
  'search_path=pg_catalog,pg_temp',
  'local_preload_libraries=',
  'default_transaction_read_only=off',
  'standard_conforming_strings=on',
  'statement_timeout=10s',
  'lock_timeout=5s',
];
/** The session is its login, whatever `SET role` default that has. */
const AS_ITSELF = 'role=none';

/** A connection over verified TLS whose errors carry a code and no SQL. */
export class Connection {
  constructor(private readonly client: Client, readonly login: Credential, private readonly database: string) {}

  async query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]> {
    try {
      return (await this.client.query<Row>(text, values)).rows;
    } catch (cause) {
      throw databaseError(cause, this.login, this.database);
    }
  }

  /** All of the statements or none: PostgreSQL runs what arrives in one message as one transaction. */
  async run(statements: readonly string[]): Promise<void> {
    if (statements.length > 0) await this.query(statements.join(';\n'));
  }

  /** Says goodbye, and does not wait long for an answer. */
  async close(): Promise<void> {
    const goodbye = this.client.end().catch(() => undefined);
    await Promise.race([goodbye, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    this.client.connection.stream.destroy();
  }
}

/** Opens a connection for a purpose. */
export async function connect(credential: Credential, purpose: Purpose): Promise<Connection> {
  switch (purpose) {
    case 'administer':
      return open(credential, MAINTENANCE_DATABASE, [...SETTINGS, AS_ITSELF]);
    case 'change-own-password':
      return open(credential, credential.dbname, [...SETTINGS, AS_ITSELF]);
    case 'consume':
      return open(credential, credential.dbname, SETTINGS);
  }
}

/** Opens a connection over verified TLS; it is closed again if the login fails. */
async function open(credential: Credential, database: string, settings: readonly string[]): Promise<Connection> {
  const scram = new ScramOnly(credential.password, `${credential.host}:${credential.port}`);
  const client = new Client({
    host: credential.host,
    port: credential.port,
    user: credential.username,
    password: () => scram.password(),
    database,
    ssl: tlsOptions(credential.host),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    application_name: 'cdk-rotating-postgres',
    options: settings.map(setting => `-c ${setting}`).join(' '),
  });
  client.on('error', () => undefined); // a connection lost while idle fails the next query, with its cause
  scram.watch(client);
  try {
    await client.connect();
    scram.check();
    return new Connection(client, credential, database);
  } catch (cause) {
    client.end().catch(() => undefined);
    throw databaseError(cause, credential, database);
  }
}
