import { EventEmitter } from 'node:events';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretReader, type SecretVersion } from './secret-reader';
import { ErrorCode } from '../../../src/contract';
import { RotatingPostgresError } from '../shared/errors';
import { within } from '../shared/time';

export interface SecretCredentialsOptions {
  /**
   * The SDK client that reads the secret.
   * @default - a client in the Region of the secret's ARN, with the SDK's default credentials
   */
  readonly client?: SecretsManagerClient;
  /**
   * How long a value counts as fresh, in milliseconds, less a random part of up to a fifth. After that, the value is
   * still served while it is read again.
   * @default 300000
   */
  readonly ttlMillis?: number;
}

interface Events {
  /** AWSCURRENT has moved to another version. Not emitted for the first version. */
  version: [version: SecretVersion];
  /** AWSCURRENT could not be read. The last value is still served. */
  refreshFailed: [error: Error];
}

const TTL_MILLIS = 5 * 60_000;
/** The pause after a failed read, doubled each time. */
const RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 60_000;
/** The processes of a fleet receive an event at the same time; the delay spreads their reads. */
const EVENT_JITTER_MILLIS = 2_000;
/**
 * A timer marks a value for a new read. A value that is overdue by this much was not read again: the process was
 * frozen, or no caller asked for the value.
 */
const OVERDUE_MILLIS = 10_000;
/** The longest time that a login waits for the new read of an overdue value. */
const LATE_READ_MILLIS = 500;

/**
 * The AWSCURRENT version of a secret, which is read once and kept. It is served while it is read again, and also if
 * that read fails. Reading `latest` costs a caller neither a look at the clock nor a promise.
 */
export class SecretCredentials extends EventEmitter<Events> {
  /** Counts reads of AWSCURRENT, and failed ones. */
  readonly counters = { refreshes: 0, failedRefreshes: 0 };
  // Private at run time, so that neither `inspect` nor JSON shows the credential.
  readonly #reader: SecretReader;
  #ttlMillis: number;
  #latest?: SecretVersion;
  /** `latest` as a promise. Creating one for each caller would cost more than the rest of the call. */
  #settled?: Promise<SecretVersion>;
  /** Whether the value is no longer fresh, set by a timer. */
  #stale = false;
  #timer?: NodeJS.Timeout;
  #readAt = 0;
  /** A time of the clock, which stays in the future as long as the timers run. */
  #overdueAt = 0;
  #failures = 0;
  #invalidation?: NodeJS.Timeout;
  #refresh?: Promise<SecretVersion>;

  constructor(
    readonly secretId: string,
    { client, ttlMillis = TTL_MILLIS }: SecretCredentialsOptions = {},
  ) {
    super();
    this.setMaxListeners(0); // every pool adds a listener
    this.#reader = new SecretReader(secretId, client);
    this.#ttlMillis = ttlMillis;
  }

  /**
   * The version that was read last; undefined before the first read. When it is no longer fresh, it is read again in
   * the background.
   */
  get latest(): SecretVersion | undefined {
    if (this.#stale) this.#revalidate();
    return this.#latest;
  }

  /** When `latest` was read, in milliseconds since the epoch; 0 before the first read. */
  get readAt(): number {
    return this.#readAt;
  }

  /** Resolves with `latest`, and reads the secret first if it was not read yet. */
  current(): Promise<SecretVersion> {
    if (this.#stale) this.#revalidate();
    return this.#settled ?? this.refresh();
  }

  /** Reads AWSCURRENT now. */
  refresh(): Promise<SecretVersion> {
    return (this.#refresh ??= this.#read().finally(() => {
      this.#refresh = undefined;
    }));
  }

  /**
   * Notes that there may be a new version, for example after an event of Secrets Manager. The secret is read within two
   * seconds.
   */
  invalidate(): void {
    this.#invalidation ??= setTimeout(() => {
      this.#invalidation = undefined;
      this.#revalidate();
    }, Math.random() * EVENT_JITTER_MILLIS).unref();
  }

  /**
   * Runs before a login: reads the secret if it was not read yet or is overdue. It checks the clock, because timers
   * stop while Lambda freezes a process.
   *
   * @param until deadline in milliseconds of `performance.now()`
   */
  async beforeLogin(until = Infinity): Promise<void> {
    if (!this.#latest) {
      await within(this.refresh(), until);
    } else if (Date.now() >= this.#overdueAt) {
      await within(
        this.refresh().catch(() => undefined),
        Math.min(until, performance.now() + LATE_READ_MILLIS),
      );
    }
  }

  /** Reads the AWSPENDING version, which PostgreSQL may already accept during a rotation. It is not kept. */
  pending(): Promise<SecretVersion | undefined> {
    return this.#reader.read('AWSPENDING');
  }

  /** Reads the AWSPREVIOUS version, which a replica that lags may still accept. It is not kept. */
  previous(): Promise<SecretVersion | undefined> {
    return this.#reader.read('AWSPREVIOUS');
  }

  /** Lowers the TTL: of several TTLs for one secret, the shortest applies. */
  limitTtl(ttlMillis: number): void {
    this.#ttlMillis = Math.min(this.#ttlMillis, ttlMillis);
  }

  async #read(): Promise<SecretVersion> {
    this.counters.refreshes++;
    let version: SecretVersion | undefined;
    try {
      version = await this.#reader.read('AWSCURRENT');
      if (!version) {
        throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `secret ${this.secretId} has no AWSCURRENT version`);
      }
    } catch (error) {
      this.#failed(error as Error);
      throw error;
    }
    this.#keep(version);
    return version;
  }

  #failed(error: Error): void {
    this.counters.failedRefreshes++;
    const retry = Math.min(RETRY_MILLIS * 2 ** this.#failures++, LONGEST_RETRY_MILLIS);
    if (this.#latest) this.#staleIn(retry * (0.5 + Math.random() / 2));
    this.emit('refreshFailed', error);
  }

  #keep(version: SecretVersion): void {
    const before = this.#latest;
    const isNew = before?.versionId !== version.versionId;
    if (isNew) {
      // one object for each version, because callers compare and remember it
      this.#latest = version;
      this.#settled = Promise.resolve(version);
    }
    this.#failures = 0;
    this.#readAt = Date.now();
    this.#staleIn(this.#ttlMillis * (1 - Math.random() / 5));
    if (before && isNew) this.emit('version', version);
  }

  #staleIn(millis: number): void {
    clearTimeout(this.#timer);
    this.#stale = false;
    this.#overdueAt = Date.now() + millis + OVERDUE_MILLIS;
    this.#timer = setTimeout(() => {
      this.#stale = true;
    }, millis).unref();
  }

  #revalidate(): void {
    this.#stale = false;
    this.refresh().catch(() => undefined); // `refreshFailed` reports it, and the read is retried
  }
}

const ownClient = {};
const sources = new WeakMap<object, Map<string, SecretCredentials>>();

/**
 * Returns the shared source for a secret in this process. Pools of the same secret and SDK client share what is read.
 */
export function secretCredentials(secretId: string, options: SecretCredentialsOptions = {}): SecretCredentials {
  const key = options.client ?? ownClient;
  const ofClient = sources.get(key) ?? new Map<string, SecretCredentials>();
  sources.set(key, ofClient);
  const source = ofClient.get(secretId) ?? new SecretCredentials(secretId, options);
  ofClient.set(secretId, source);
  if (options.ttlMillis !== undefined) source.limitTtl(options.ttlMillis);
  return source;
}
