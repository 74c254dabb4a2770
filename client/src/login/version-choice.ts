import type { SecretVersion } from '../secret/secret-reader';

/** The result of a search. */
export interface Found {
  readonly version: SecretVersion;
  /** AWSCURRENT at the time of the search. */
  readonly current?: SecretVersion;
  /** When its use must end, in milliseconds of `performance.now()`; undefined for no limit. */
  readonly until?: number;
}

/** The version that logins use: AWSCURRENT, or another version as long as the refused AWSCURRENT is still current. */
export class VersionChoice {
  readonly #latest: () => SecretVersion | undefined;
  #instead?: { readonly version: SecretVersion; readonly of?: string };

  /** @param latest returns the AWSCURRENT that was read last */
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
