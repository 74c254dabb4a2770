import * as pg from 'pg';
import { plainPool } from './plain-pool';
import { RotatingPool } from './pool';
import { Login, type LoginOptions } from '../login/login';
import { type Place, rotatingClients } from '../login/rotating-client';
import { credentialSource } from '../secret/configuration';
import type { SecretCredentialsOptions } from '../secret/credentials';
import { defaultLogger, type Logger } from '../telemetry/logger';
import { type Meter, observe } from '../telemetry/metrics';

/** What the secret says or this package decides, and a user therefore does not. */
type Taken = 'user' | 'password' | 'connectionString' | 'ssl' | 'Client' | 'host' | 'port' | 'database';

/** The options of `pg.Pool`, without those that the secret answers. */
export interface RotatingPoolOptions extends Omit<pg.PoolConfig, Taken>, Place, SecretCredentialsOptions, LoginOptions {
  /**
   * ARN or name of the secret.
   * @default - the environment: DATABASE_URL, else ROTATING_POSTGRES_SECRET_ARN
   */
  readonly secretId?: string;
  /**
   * Where to say what happens.
   * @default - warnings and errors to the console: an outage of Secrets Manager, a credential that is refused for good,
   * weak TLS
   */
  readonly logger?: Logger;
  /**
   * A meter of OpenTelemetry that observes the pool, as `observe()` does.
   * @default - none
   */
  readonly meter?: Meter;
}

/**
 * A `pg.Pool` whose connections follow the rotation of its secret: another password, another user.
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
