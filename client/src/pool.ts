import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import { credentialSource } from './configuration';
import { isAuthenticationFailure, RotatingPostgresError } from './errors';
import { Login } from './login';
import { type Place, rotatingClient, versionOf } from './rotating-client';
import { ErrorCode } from '../../src/contract';

/** What the secret says or this package decides, and a user therefore does not. */
type Taken = 'user' | 'password' | 'connectionString' | 'ssl' | 'Client' | 'host' | 'port' | 'database';

/** The options of `pg.Pool`, without those that the secret answers. */
export interface RotatingPoolOptions extends Omit<pg.PoolConfig, Taken>, Place {
  /**
   * ARN or name of the secret.
   * @default - the environment: DATABASE_URL, else ROTATING_POSTGRES_SECRET_ARN
   */
  readonly secretId?: string;
  /**
   * The SDK client that reads the secret.
   * @default - one in the region of the secret's ARN, with the SDK's default credentials
   */
  readonly client?: SecretsManagerClient;
  /**
   * For how long a refused login is tried again before a caller gets the error.
   * @default 15000
   */
  readonly loginBudgetMillis?: number;
}

const LOGIN_BUDGET_MILLIS = 15_000;

/**
 * A `pg.Pool` whose new connections follow the rotation of its secret: another password, another user.
 *
 * @example
 * const pool = rotatingPool();
 * const { rows } = await pool.query('select now()');
 */
export function rotatingPool(options: RotatingPoolOptions = {}): pg.Pool {
  const { secretId, client, loginBudgetMillis = LOGIN_BUDGET_MILLIS, ca, host, port, database, ...poolOptions } = options;
  const source = credentialSource(secretId, client);
  if ('connectionString' in source) return plainPool({ ...poolOptions, connectionString: source.connectionString });
  return new RotatingPool(new Login(source), { ca, host, port, database }, loginBudgetMillis, poolOptions);
}

/** pg hides a password in the options of a pool, and shows a connection string that holds one. */
function plainPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(options);
  Object.defineProperty(pool.options, 'connectionString', { enumerable: false });
  return pool;
}

/**
 * The credential is known before a socket is opened, by `connect()`, through which pg's pool also goes for its own `query()`. pg's own
 * means are no help: a password function runs when the user name has been sent already, leaks the socket when it rejects, and
 * `user` cannot be a function.
 */
class RotatingPool extends pg.Pool {
  readonly #login: Login;
  readonly #loginBudgetMillis: number;

  constructor(login: Login, place: Place, loginBudgetMillis: number, options: pg.PoolConfig) {
    super({ ...options, Client: rotatingClient(login, place) });
    this.#login = login;
    this.#loginBudgetMillis = loginBudgetMillis;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    const acquired = this.#acquire();
    if (!callback) return acquired;
    // Out of the promise, so that what a callback throws is an uncaught exception as ever, and no unhandled rejection.
    acquired.then(
      client => process.nextTick(callback, undefined, client, client.release),
      (error: Error) => process.nextTick(callback, error, undefined, () => {}),
    );
  }

  async #acquire(): Promise<pg.PoolClient> {
    let deadline: number | undefined; // from the first refusal: waiting for a free connection is no trouble with logins
    for (;;) {
      if (!this.#login.version) await this.#login.ready();
      try {
        return this.#retireWhenOld(await super.connect());
      } catch (error) {
        if (!isAuthenticationFailure(error)) throw error;
        deadline ??= performance.now() + this.#loginBudgetMillis;
        if (performance.now() >= deadline) throw this.#givenUp(error as Error);
      }
    }
  }

  /** A connection outlives its password, so this is no repair: it leaves the old login unused, as the next rotation expects. */
  #retireWhenOld(client: pg.PoolClient): pg.PoolClient {
    const release = client.release.bind(client);
    client.release = destroy => release(destroy || !this.#login.isNewest(versionOf(client)));
    return client;
  }

  #givenUp(cause: Error): RotatingPostgresError {
    const { secretId, version, readError } = this.#login;
    const unread = readError ? `; ${readError.message}` : '';
    return new RotatingPostgresError(
      ErrorCode.AUTHENTICATION,
      `${version?.credential.host} refused each version of secret ${secretId} for ${this.#loginBudgetMillis} ms: ${cause.message}${unread}`,
      { cause },
    );
  }
}

type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: Error | boolean) => void) => void;
