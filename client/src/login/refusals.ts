import type { SecretVersion } from '../secret/secret-reader';
import { codeOf } from '../shared/errors';

/** When every version has been refused, one of them is tried again after these: three logins in a minute at most. */
const FIRST_RETRY_MILLIS = 2_000;
const RETRY_MILLIS = 20_000;

/** The versions that PostgreSQL refused since it accepted one, and when one of them is tried once more. */
export class Refusals {
  /** Each with the SQLSTATE. */
  readonly #codes = new Map<string, string | undefined>();
  /** The version that is tried once more. */
  #retried?: string;
  #last?: Error;
  /** Since when no version is accepted, counted from the last one that was new. */
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

  /** Whether no login may use this version: it was refused, and is not tried once more. */
  bars(versionId: string): boolean {
    return this.#codes.has(versionId) && this.#retried !== versionId;
  }

  /** Whether no version has been accepted for longer than `millis`, and none is due to be tried once more. */
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

  /** One of the versions in turn, if it is time to try one once more. */
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

  /** A login with this version has ended: if it was tried once more, that is over. */
  endRetry(versionId: string): void {
    if (this.#retried === versionId) this.#retried = undefined;
  }
}
