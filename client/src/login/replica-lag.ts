import type { SecretVersion } from '../secret/secret-reader';

/** SQLSTATE `invalid_password`. */
const INVALID_PASSWORD = '28P01';

/** Limits how long a replica may be logged in to with AWSPREVIOUS after AWSCURRENT has moved. */
export class ReplicaLag {
  readonly #millis: number;
  #running?: { readonly of: string; readonly until: number };

  /** @param millis 0 if the endpoint is not a replica: AWSPREVIOUS is then never tried */
  constructor(millis: number) {
    this.#millis = millis;
  }

  /**
   * Whether AWSPREVIOUS may be used instead of this AWSCURRENT, which was refused with this SQLSTATE. Never after
   * 28000: the login was disabled deliberately.
   */
  allowsPrevious({ versionId }: SecretVersion, code: string | undefined): boolean {
    if (this.#millis <= 0 || code !== INVALID_PASSWORD) return false;
    return this.#running?.of !== versionId || performance.now() < this.#running.until;
  }

  /** Starts using AWSPREVIOUS instead of this AWSCURRENT. Returns when that must end, counted from the first time. */
  begin({ versionId }: SecretVersion): number {
    if (this.#running?.of !== versionId) {
      this.#running = { of: versionId, until: performance.now() + this.#millis };
    }
    return this.#running.until;
  }
}
