import * as pg from 'pg';
import { plainConfig } from '../secret/plain-config';
import type { TlsOptions } from '../shared/tls';
import type { Logger } from '../telemetry/logger';

/** A pool that uses a connection string, for local development. */
export function plainPool(
  connectionString: string,
  logger: Logger,
  { ca, ...options }: pg.PoolConfig & TlsOptions,
): pg.Pool {
  const pool = new pg.Pool({ ...options, ...plainConfig(connectionString, logger, { ca }) });
  // pg hides the password in a pool's options, but not a connection string that contains one.
  Object.defineProperty(pool.options, 'connectionString', { enumerable: false });
  return pool;
}
