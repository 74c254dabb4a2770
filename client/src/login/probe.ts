/** The longest time for which a login that neither succeeds nor fails delays the others. */
export const PROBE_MILLIS = 5_000;

/** Lets one login at a time try a version that PostgreSQL has not accepted yet. */
export class Probe {
  /** The version of the last successful login. */
  #accepted?: string;
  #running?: { readonly versionId: string; readonly since: number };

  /** Whether a login with this version may begin now. */
  admits(versionId: string): boolean {
    return (
      versionId === this.#accepted ||
      this.#running?.versionId !== versionId ||
      performance.now() - this.#running.since > PROBE_MILLIS
    );
  }

  /** A login with this version begins. */
  begins(versionId: string): void {
    if (versionId !== this.#accepted) this.#running = { versionId, since: performance.now() };
  }

  /** Allows any number of logins with this version. */
  accepted(versionId: string): void {
    this.#accepted = versionId;
  }

  refused(versionId: string): void {
    if (this.#accepted === versionId) this.#accepted = undefined;
  }

  /** A login with this version has ended. */
  ends(versionId: string): void {
    if (this.#running?.versionId === versionId) this.#running = undefined;
  }
}
