import { EventEmitter } from 'node:events';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SecretReader, type SecretVersion } from './secret-reader';
import { ErrorCode } from '../../../src/contract';
import { RotatingPostgresError } from '../shared/errors';
import { within } from '../shared/time';

export interface SecretCredentialsOptions {
  /**
   * The SDK client that reads the secret.
   * @default - one in the region of the secret's ARN, with the SDK's default credentials
   */
  readonly client?: SecretsManagerClient;
  /**
   * For how long a value counts as new, in milliseconds; jittered downwards by up to a fifth. Then it is still served,
   * and read again.
   * @default 300000
   */
  readonly ttlMillis?: number;
}

interface Events {
  /** AWSCURRENT is another version than before; not for the first one. */
  version: [version: SecretVersion];
  /** AWSCURRENT could not be read; what was read before is served on. */
  refreshFailed: [error: Error];
}

const TTL_MILLIS = 5 * 60_000;
/** After a read that failed: doubled each time. */
const RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 60_000;
/** The processes of a fleet hear of a new version together, and must not ask for it together. */
const EVENT_JITTER_MILLIS = 2_000;
/**
 * A value is read again by a timer. One that is older by this was not: the process was frozen, or nobody asked for it.
 */
const OVERDUE_MILLIS = 10_000;
/** The longest that a login waits for a value that is overdue. */
const LATE_READ_MILLIS = 500;

/**
 * The AWSCURRENT version of a secret, read once and kept: it is served while it is read again, also when that fails.
 * Neither a clock nor a promise stands between a caller and `latest`.
 */
export class SecretCredentials extends EventEmitter<Events> {
  /** Reads of AWSCURRENT, and how many of them failed. */
  readonly counters = { refreshes: 0, failedRefreshes: 0 };
  // Private at run time too, so that neither inspect nor JSON shows what is kept.
  readonly #reader: SecretReader;
  #ttlMillis: number;
  #latest?: SecretVersion;
  /** `latest`, as a promise: a new one for each caller would cost more than the rest. */
  #settled?: Promise<SecretVersion>;
  /** Set by a timer. */
  #stale = false;
  #timer?: NodeJS.Timeout;
  #readAt = 0;
  /** By the clock; in the future as long as the timers run. */
  #overdueAt = 0;
  #failures = 0;
  #invalidation?: NodeJS.Timeout;
  #refresh?: Promise<SecretVersion>;

  constructor(
    readonly secretId: string,
    { client, ttlMillis = TTL_MILLIS }: SecretCredentialsOptions = {},
  ) {
    super();
    this.setMaxListeners(0); // each pool listens
    this.#reader = new SecretReader(secretId, client);
    this.#ttlMillis = ttlMillis;
  }

  /**
   * The version that was read last, if any was. When its time is over it is read again, and the caller does not wait.
   */
  get latest(): SecretVersion | undefined {
    if (this.#stale) this.#revalidate();
    return this.#latest;
  }

  /** When `latest` was read, in milliseconds since the epoch; 0 before the first read. */
  get readAt(): number {
    return this.#readAt;
  }

  /** The same as `latest`, once there is one. */
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
   * Says that there may be a new version, for example after an event of Secrets Manager: it is read within two seconds.
   */
  invalidate(): void {
    this.#invalidation ??= setTimeout(() => {
      this.#invalidation = undefined;
      this.#revalidate();
    }, Math.random() * EVENT_JITTER_MILLIS).unref();
  }

  /**
   * Before a login: timers stand still while Lambda freezes a process, so this looks at the clock.
   *
   * @param until in milliseconds of `performance.now()`
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

  /** The AWSPENDING version, which during a rotation may be the one that PostgreSQL accepts already. Not kept. */
  pending(): Promise<SecretVersion | undefined> {
    return this.#reader.read('AWSPENDING');
  }

  /** The AWSPREVIOUS version, which a replica may still know when it lags behind. Not kept. */
  previous(): Promise<SecretVersion | undefined> {
    return this.#reader.read('AWSPREVIOUS');
  }

  /** Of several TTLs for the same secret the shortest is used. */
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
      // the same object for the same version: others compare and remember it
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
    this.refresh().catch(() => undefined); // said by the event, and tried again
  }
}

const ownClient = {};
const sources = new WeakMap<object, Map<string, SecretCredentials>>();

/**
 * The one source for a secret in this process: pools of the same secret (and SDK client, if one is given) share what is
 * read.
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
