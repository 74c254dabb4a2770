import { setImmediate as ticks } from 'node:timers/promises';
import * as pg from 'pg';
import { Gate } from './gate';
import { plainPool } from './plain-pool';
import { Replacement } from './replacement';
import { Login, type LoginOptions } from '../login/login';
import {
  mayBeTriedAgain,
  type Place,
  rotatingClients,
  type RotatingClients,
  versionOf,
} from '../login/rotating-client';
import { credentialSource } from '../secret/configuration';
import { type SecretCredentials, type SecretCredentialsOptions } from '../secret/credentials';
import type { SecretVersion } from '../secret/secret-reader';
import { within } from '../shared/time';
import { defaultLogger, type Logger } from '../telemetry/logger';
import { type Meter, observe } from '../telemetry/metrics';
import { reportTrouble } from '../telemetry/report-trouble';
import { provideStats } from '../telemetry/stats';

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

const MAX_CONNECTIONS = 10;
/** How long a connection that was replaced may take to say goodbye. */
const CLOSE_MILLIS = 1_000;

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

/** A connection that is wanted: as pg's pool hands it out, or not at all. */
type Acquired = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: Error | boolean) => void,
) => void;

/**
 * The credential is known before a socket is opened, by `connect()`, through which pg's pool also goes for its own
 * `query()`. pg's own means are no help: a password function runs when the user name has been sent already, leaks the
 * socket when it rejects, and `user` cannot be a function.
 */
class RotatingPool extends pg.Pool {
  readonly #login: Login;
  readonly #clients: RotatingClients;
  readonly #lifetimeMillis: number;
  readonly #gate: Gate;
  readonly #replacement: Replacement;
  /** The connections, each with whether its time is over. */
  readonly #members = new Map<pg.ClientBase, { expired: boolean }>();

  readonly #ends: (() => void)[] = [];

  constructor(
    source: SecretCredentials,
    login: Login,
    clients: RotatingClients,
    logger: Logger,
    options: pg.PoolConfig,
  ) {
    // pg would close a connection whose time is over, and the next caller wait for another: here it is replaced first.
    const { maxLifetimeSeconds = 0, ...rest } = options;
    super({ ...rest, Client: clients.Client });
    this.#login = login;
    this.#clients = clients;
    this.#lifetimeMillis = maxLifetimeSeconds * 1_000;
    this.#gate = new Gate(this.options.max ?? MAX_CONNECTIONS);
    this.#replacement = new Replacement({
      outdated: () => this.#outdated().length,
      connectAhead: () => this.#connectAhead(),
      swap: spare => this.#swap(spare),
    });
    Object.defineProperty(this, 'waitingCount', { get: () => this.#gate.waiting });
    this.on('connect', client => this.#join(client));
    this.on('remove', client => this.#members.delete(client));
    this.#follow(source, logger);
    provideStats(this, () => ({
      ...source.counters,
      ...login.counters,
      replacements: this.#replacement.count,
      breaker: login.isGivenUp ? 'open' : 'closed',
      secretVersion: login.version?.versionId,
      user: login.version?.credential.username,
      credentialAgeSeconds: source.readAt ? (Date.now() - source.readAt) / 1_000 : undefined,
    }));
  }

  /** Runs when the pool is told to end. */
  onEnd(end: () => void): void {
    this.#ends.push(end);
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Acquired): void;
  override connect(callback?: Acquired): Promise<pg.PoolClient> | void {
    if (!callback) {
      return new Promise((resolve, reject) =>
        this.connect((error, client) => (error ? reject(error) : resolve(client!))),
      );
    }
    // Nearly always a connection is idle: then nothing is waited for, and nothing allocated but what pg does.
    if (this.idleCount === 0 || !this.#gate.tryEnter()) return this.#acquireSlowly(callback);
    super.connect((error, client) => {
      if (client) return this.#lend(client, callback);
      this.#gate.leave();
      if (mayBeTriedAgain(error)) return this.#acquireSlowly(callback);
      callback(error, undefined, () => {});
    });
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | void {
    this.#replacement.stop();
    for (const end of this.#ends.splice(0)) end();
    return callback ? super.end(callback) : super.end();
  }

  #acquireSlowly(callback: Acquired): void {
    // Out of the promise, so that what a callback throws is an uncaught exception as ever, and no unhandled rejection.
    this.#acquire().then(
      client => process.nextTick(() => this.#lend(client, callback)),
      (error: Error) => process.nextTick(callback, error, undefined, () => {}),
    );
  }

  /** A place in the gate and a connection, both to be given back. One deadline covers the wait for both. */
  async #acquire(): Promise<pg.PoolClient> {
    const until = performance.now() + (this.options.connectionTimeoutMillis || Infinity);
    if (!(await this.#gate.enter(until))) throw new TimeoutError();
    let connecting: Promise<pg.PoolClient> | undefined;
    try {
      const loginUntil = Math.min(until, performance.now() + this.#login.budgetMillis);
      for (;;) {
        if (this.idleCount === 0 && !this.ending) await this.#login.admission(loginUntil);
        try {
          connecting = super.connect();
          const client = await within(connecting, until);
          if (!client) throw new TimeoutError();
          return client;
        } catch (error) {
          if (!mayBeTriedAgain(error)) throw error;
        }
      }
    } catch (error) {
      // pg's pool ends the attempt in its own time, and until then it has the place.
      const late = error instanceof TimeoutError ? connecting : undefined;
      void Promise.resolve(late)
        .then(
          client => client?.release(),
          () => undefined,
        )
        .finally(() => this.#gate.leave());
      throw error;
    }
  }

  #lend(client: pg.PoolClient, callback: Acquired): void {
    const release = client.release;
    client.release = destroy => {
      release.call(client, destroy);
      // before leaving: if a spare waits, this closes the gate
      if (this.#isOutdated(client)) this.#replacement.returned();
      this.#gate.leave();
    };
    callback(undefined, client, client.release);
  }

  #join(client: pg.PoolClient): void {
    const member = { expired: false };
    this.#members.set(client, member);
    if (this.#lifetimeMillis === 0) return;
    const timer = setTimeout(() => {
      member.expired = true;
      this.#replacement.start();
    }, this.#lifetimeMillis).unref();
    client.once('end', () => clearTimeout(timer));
  }

  #isOutdated(client: pg.ClientBase): boolean {
    return this.#members.get(client)?.expired || !this.#login.isNewest(versionOf(client));
  }

  #outdated(): pg.ClientBase[] {
    return [...this.#members.keys()].filter(client => this.#isOutdated(client));
  }

  async #connectAhead(): Promise<pg.Client> {
    const timeout = this.options.connectionTimeoutMillis || this.#login.budgetMillis;
    const until = performance.now() + this.#login.budgetMillis;
    for (;;) {
      await this.#login.admission(until);
      const client = new this.#clients.Client({ ...this.options, connectionTimeoutMillis: timeout });
      client.on('error', closed); // if it is lost, the pool finds out when it gets it
      try {
        await client.connect();
        return client;
      } catch (error) {
        if (!mayBeTriedAgain(error)) throw error;
      }
    }
  }

  /**
   * A pool makes a connection only when none is idle: so all that are idle are taken out, for some ticks, and put back
   * but for one.
   */
  async #swap(spare?: pg.Client): Promise<boolean> {
    let adopting: Promise<pg.PoolClient> | undefined;
    let closing: Promise<unknown> | undefined;
    const replaced = await this.#gate.exclusively(async () => {
      await ticks(); // whoever entered before has an idle one by now
      const taken = await Promise.allSettled(Array.from({ length: this.idleCount }, () => super.connect()));
      const idle = taken.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const old = idle.find(client => this.#isOutdated(client));
      if (old) {
        this.#members.delete(old);
        closing = new Promise(resolve => old.once('end', resolve));
        old.release(true);
        this.#clients.handOver(spare);
        if (spare) adopting = super.connect();
        this.#clients.handOver(undefined);
      }
      for (const client of idle) if (client !== old) client.release();
      return old !== undefined;
    });
    const adopted = await adopting;
    adopted?.release();
    adopted?.off('error', closed);
    // the next one is connected when this one is gone
    if (closing) await within(closing, performance.now() + CLOSE_MILLIS);
    return replaced && adopted === spare;
  }

  #follow(source: SecretCredentials, logger: Logger): void {
    const version = ({ versionId }: SecretVersion) => {
      logger.info('the secret has a new version', { secretId: source.secretId, versionId });
      this.#replacement.start();
    };
    source.on('version', version);
    this.onEnd(() => source.off('version', version));
    this.onEnd(reportTrouble(source, this.#login, logger));
  }
}

/** In pg's own words. */
class TimeoutError extends Error {
  constructor() {
    super('timeout exceeded when trying to connect');
  }
}

/** pg reports a connection that the server ended, and leaves the socket open. */
function closed(this: pg.Client): void {
  this.connection.stream.destroy();
}
