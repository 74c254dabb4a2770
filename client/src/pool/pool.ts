import * as pg from 'pg';
import { Gate } from './gate';
import { Members } from './members';
import { Replacement } from './replacement';
import { Spares } from './spares';
import type { Login } from '../login/login';
import { reportTrouble } from '../login/report-trouble';
import type { RotatingClients } from '../login/rotating-client';
import { mayBeTriedAgain } from '../login/until-accepted';
import type { SecretCredentials } from '../secret/credentials';
import type { SecretVersion } from '../secret/secret-reader';
import { within } from '../shared/time';
import type { Logger } from '../telemetry/logger';
import { provideStats } from '../telemetry/stats';

const MAX_CONNECTIONS = 10;

/** The callback of pg's `connect()`. */
type Acquired = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: Error | boolean) => void,
) => void;

/**
 * A pool that knows the credential before a socket is opened. It overrides `connect()`, which pg's `query()` uses too.
 * pg's own password function is no alternative: it runs after the user name was sent, leaks the socket when it rejects,
 * and `user` cannot be a function.
 */
export class RotatingPool extends pg.Pool {
  readonly #login: Login;
  readonly #gate: Gate;
  readonly #members: Members;
  readonly #replacement: Replacement;
  readonly #ends: (() => void)[] = [];

  constructor(
    source: SecretCredentials,
    login: Login,
    clients: RotatingClients,
    logger: Logger,
    options: pg.PoolConfig,
  ) {
    // pg closes a connection that has reached its lifetime, and the next caller waits for a new one. Here the new one
    // is connected first.
    const { maxLifetimeSeconds = 0, ...rest } = options;
    super({ ...rest, Client: clients.Client });
    this.#login = login;
    this.#gate = new Gate(this.options.max ?? MAX_CONNECTIONS);
    this.#members = new Members(login, maxLifetimeSeconds * 1_000, () => this.#replacement.start());
    const ungated = {
      options: this.options,
      idleCount: () => this.idleCount,
      connect: () => super.connect(),
    };
    this.#replacement = new Replacement(new Spares(ungated, this.#gate, this.#members, login, clients));
    Object.defineProperty(this, 'waitingCount', { get: () => this.#gate.waiting });
    this.on('connect', client => this.#members.add(client));
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

  /** Registers a function that runs when the pool ends. */
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
    // The fast path: a connection is idle, so that nothing is awaited, and nothing is allocated except by pg.
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
    // Runs outside the promise, so that an error of the callback stays an uncaught exception and does not become an
    // unhandled rejection.
    this.#acquire().then(
      client => process.nextTick(() => this.#lend(client, callback)),
      (error: Error) => process.nextTick(callback, error, undefined, () => {}),
    );
  }

  /** Takes a slot of the gate and a connection, both of which must be returned. One deadline covers both. */
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
      // pg's pool ends the attempt later, and until then it occupies the slot.
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
      // before leaving the gate: a waiting spare closes it
      if (this.#members.isOutdated(client)) this.#replacement.returned();
      this.#gate.leave();
    };
    callback(undefined, client, client.release);
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

/** Has the message of pg's own error. */
class TimeoutError extends Error {
  constructor() {
    super('timeout exceeded when trying to connect');
  }
}
