import type { SecretVersion } from '../secret/secret-reader';

/** PostgreSQL's "the password is wrong". */
const INVALID_PASSWORD = '28P01';

/** For how long a replica may know no more than AWSPREVIOUS after AWSCURRENT moved. */
export class ReplicaLag {
  readonly #millis: number;
  #running?: { readonly of: string; readonly until: number };

  /** @param millis 0 where the endpoint is no replica: AWSPREVIOUS is never tried */
  constructor(millis: number) {
    this.#millis = millis;
  }

  /**
   * Whether AWSPREVIOUS may be used instead of this AWSCURRENT, which was refused with that SQLSTATE. Never after 28000:
   * the login was disabled on purpose.
   */
  allowsPrevious({ versionId }: SecretVersion, code: string | undefined): boolean {
    if (this.#millis <= 0 || code !== INVALID_PASSWORD) return false;
    return this.#running?.of !== versionId || performance.now() < this.#running.until;
  }

  /** AWSPREVIOUS is used instead of this AWSCURRENT: until when, counted from the first time. */
  begin({ versionId }: SecretVersion): number {
    if (this.#running?.of !== versionId) {
      this.#running = { of: versionId, until: performance.now() + this.#millis };
    }
    return this.#running.until;
  }
}
