import * as pg from 'pg';
import { type PoolStats, stats } from './stats';
import { codeOf } from '../shared/errors';
import { within } from '../shared/time';

export interface HealthOptions {
  /**
   * Timeout for connection and statements together, in milliseconds.
   * @default 2000
   */
  readonly timeoutMillis?: number;
  /**
   * Whether to test a write too, which is rolled back: `true` inserts a row into a temporary table; a table name
   * (`schema.table` or `table`) inserts a row of default values into that table.
   * @default false
   */
  readonly write?: boolean | string;
}

/** Whether a database can be used now. It contains no secret. */
export interface Health extends Partial<PoolStats> {
  readonly healthy: boolean;
  readonly latencyMillis: number;
  /** The SQLSTATE, the code of Node.js, or an `ErrorCode`; `ETIMEDOUT` after the timeout. */
  readonly error?: string;
}

const TIMEOUT_MILLIS = 2_000;
/** Reads stored data, which shows more than an answer of the server. */
const READ = 'SELECT datname FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()';

/**
 * Checks that a caller can read from the database, and optionally write to it, for an endpoint such as `/health/db`. It
 * never rejects.
 */
export async function health(
  pool: pg.Pool,
  { timeoutMillis = TIMEOUT_MILLIS, write = false }: HealthOptions = {},
): Promise<Health> {
  const begun = performance.now();
  const until = begun + timeoutMillis;
  const end = (error?: string): Health => ({
    healthy: error === undefined,
    latencyMillis: performance.now() - begun,
    ...stats(pool),
    ...(error === undefined ? {} : { error }),
  });
  let client: pg.PoolClient | undefined;
  try {
    const connecting = pool.connect();
    client = await within(connecting, until);
    if (!client) {
      connecting.then(
        late => late.release(),
        () => undefined,
      );
      return end('ETIMEDOUT');
    }
    client.on('error', lost);
    const used = await within(use(client, write), until);
    client.off('error', lost);
    client.release(!used); // a statement that is still running, or an open transaction, ends with the connection
    return end(used ? undefined : 'ETIMEDOUT');
  } catch (error) {
    client?.release(true);
    return end(codeOf(error) ?? 'Error');
  }
}

/** A lost connection also emits an event, which has no other listener. The statement's error is enough. */
function lost(): void {}

async function use(client: pg.PoolClient, write: boolean | string): Promise<true> {
  await client.query(READ);
  if (write) await client.query(`BEGIN; ${insertion(write)}; ROLLBACK`);
  return true;
}

function insertion(table: true | string): string {
  if (table === true) {
    return 'CREATE TEMPORARY TABLE rotating_postgres_health (i int); INSERT INTO rotating_postgres_health VALUES (1)';
  }
  return `INSERT INTO ${table
    .split('.')
    .map(part => pg.escapeIdentifier(part))
    .join('.')} DEFAULT VALUES`;
}
