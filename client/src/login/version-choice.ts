import type { SecretVersion } from '../secret/secret-reader';

/** What a search found. */
export interface Found {
  readonly version: SecretVersion;
  /** AWSCURRENT when it was found. */
  readonly current?: SecretVersion;
  /** Until when it may be used, in milliseconds of `performance.now()`; for ever when absent. */
  readonly until?: number;
}

/** The version that logins use: AWSCURRENT, or another for as long as AWSCURRENT is the one that was refused. */
export class VersionChoice {
  readonly #latest: () => SecretVersion | undefined;
  #instead?: { readonly version: SecretVersion; readonly of?: string };

  /** @param latest the AWSCURRENT that was read last */
  constructor(latest: () => SecretVersion | undefined) {
    this.#latest = latest;
  }

  /** `undefined` before the first read. */
  get version(): SecretVersion | undefined {
    const latest = this.#latest();
    return this.#instead && this.#instead.of === latest?.versionId ? this.#instead.version : latest;
  }

  use({ version, current, until }: Found): void {
    const instead = version === current ? undefined : { version, of: current?.versionId };
    this.#instead = instead;
    if (until === undefined) return;
    setTimeout(() => {
      if (this.#instead === instead) this.#instead = undefined;
    }, until - performance.now()).unref();
  }
}
