import * as pg from 'pg';
import { type PoolStats, stats } from './stats';
import { codeOf } from '../shared/errors';
import { within } from '../shared/time';

export interface HealthOptions {
  /**
   * For all of it: the connection and the statements, in milliseconds.
   * @default 2000
   */
  readonly timeoutMillis?: number;
  /**
   * Writes, too: a row into a temporary table, or one of default values into the table of this name, `schema.table` or
   * `table`, and takes it back.
   * @default false
   */
  readonly write?: boolean | string;
}

/** Whether a database can be used now. Nothing in it is secret. */
export interface Health extends Partial<PoolStats> {
  readonly healthy: boolean;
  readonly latencyMillis: number;
  /** SQLSTATE, the code of Node.js, or an `ErrorCode`; `ETIMEDOUT` when the time was over. */
  readonly error?: string;
}

const TIMEOUT_MILLIS = 2_000;
/** More than an answer of the server: of what is stored. */
const READ = 'SELECT datname FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()';

/** Reads from the database, and by choice writes, as a caller would: for `/health/db`. It never rejects. */
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
    client.release(!used); // what is still under way, or failed half-way, ends with the connection
    return end(used ? undefined : 'ETIMEDOUT');
  } catch (error) {
    client?.release(true);
    return end(codeOf(error) ?? 'Error');
  }
}

/** A connection that is lost says so in an event, too, which nobody else hears: the statement's error is enough. */
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
