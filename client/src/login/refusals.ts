import type { SecretVersion } from '../secret/secret-reader';
import { codeOf } from '../shared/errors';

/** The intervals at which a version is retried after every version was refused: at most three logins a minute. */
const FIRST_RETRY_MILLIS = 2_000;
const RETRY_MILLIS = 20_000;

/** The versions that PostgreSQL has refused since it last accepted one, and the time of the next retry. */
export class Refusals {
  /** The SQLSTATE of the refusal, by version. */
  readonly #codes = new Map<string, string | undefined>();
  /** The version that is being retried. */
  #retried?: string;
  #last?: Error;
  /** When the last new version was refused. */
  #since = 0;
  #retries = 0;
  #retryAt = Infinity;

  /** The error of the last refusal. */
  get last(): Error | undefined {
    return this.#last;
  }

  has(versionId: string): boolean {
    return this.#codes.has(versionId);
  }

  /** The SQLSTATE with which a version was refused. */
  codeFor(versionId: string): string | undefined {
    return this.#codes.get(versionId);
  }

  /** Whether logins must not use this version: it was refused and is not being retried. */
  bars(versionId: string): boolean {
    return this.#codes.has(versionId) && this.#retried !== versionId;
  }

  /** Whether the last new version was refused more than `millis` ago, and no retry is due. */
  lastedFor(millis: number): boolean {
    const now = performance.now();
    return now - this.#since > millis && now < this.#retryAt;
  }

  add(versionId: string, error: Error): void {
    this.#last = error;
    if (!this.#codes.has(versionId)) {
      this.#since = performance.now();
      this.#retryAt = Infinity;
    }
    this.#codes.set(versionId, codeOf(error));
  }

  /** A login was accepted. */
  clear(): void {
    this.#codes.clear();
    this.#retries = 0;
  }

  /** The next version to retry, in turn, if a retry is due. */
  retry(versions: (SecretVersion | undefined)[]): SecretVersion | undefined {
    const now = performance.now();
    if (this.#retryAt === Infinity) this.#retryAt = now + FIRST_RETRY_MILLIS;
    if (now < this.#retryAt) return undefined;
    this.#retryAt = now + RETRY_MILLIS;
    const known = versions.filter(version => version !== undefined);
    const again = known[this.#retries++ % known.length];
    this.#retried = again?.versionId;
    return again;
  }

  /** A login with this version has ended, and with it a retry of the version. */
  endRetry(versionId: string): void {
    if (this.#retried === versionId) this.#retried = undefined;
  }
}
