import * as pg from 'pg';
import { plainPool } from './plain-pool';
import { RotatingPool } from './pool';
import { Login } from '../login/login';
import { rotatingClients } from '../login/rotating-client';
import type { SecretLoginOptions } from '../login/secret-login-options';
import { credentialSource } from '../secret/configuration';
import { defaultLogger } from '../telemetry/logger';
import { type Meter, observe } from '../telemetry/metrics';

/** The options of pg that the secret or this package determines. */
type Taken = 'user' | 'password' | 'connectionString' | 'ssl' | 'Client' | 'host' | 'port' | 'database';

/** The options of `pg.Pool`, except those that the secret determines. */
export interface RotatingPoolOptions extends Omit<pg.PoolConfig, Taken>, SecretLoginOptions {
  /**
   * An OpenTelemetry meter that observes the pool, as with `observe()`.
   * @default - none
   */
  readonly meter?: Meter;
}

/**
 * Creates a `pg.Pool` whose connections follow the rotation of its secret: a new password, or another user.
 *
 * @example
 * const pool = rotatingPool();
 * const { rows } = await pool.query('select now()');
 */
export function rotatingPool(options: RotatingPoolOptions = {}): pg.Pool {
  const {
    secretId,
    client,
    ttlMillis,
    replicaLagMillis,
    loginBudgetMillis,
    ca,
    host,
    port,
    database,
    logger = defaultLogger,
    meter,
    ...rest
  } = options;
  const source = credentialSource(secretId, { client, ttlMillis });
  if ('connectionString' in source) return plainPool(source.connectionString, logger, { ca, ...rest });
  const login = new Login(source, { replicaLagMillis, loginBudgetMillis });
  const pool = new RotatingPool(source, login, rotatingClients(login, { ca, host, port, database }), logger, rest);
  if (meter) pool.onEnd(observe(pool, meter));
  return pool;
}
