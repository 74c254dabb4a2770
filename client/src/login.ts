import { setTimeout as sleep } from 'node:timers/promises';
import type { SecretCredentials, SecretVersion } from './credentials';

const FIRST_PAUSE_MILLIS = 100;
const LONGEST_PAUSE_MILLIS = 2_000;

/**
 * Which version of a secret the next login uses. It is AWSCURRENT until PostgreSQL refuses it; then another one is looked
 * for: a newer AWSCURRENT, else AWSPENDING, which is the one that works between a single-user rotation's change of the
 * password and its end. Nothing is sent before a login, so a refused login may always be tried again.
 */
export class Login {
  readonly #source: SecretCredentials;
  /** Refused since a login was last accepted. */
  readonly #refused = new Set<string>();
  /** In use for as long as AWSCURRENT is still the version that was refused. */
  #pending?: { readonly version: SecretVersion; readonly insteadOf?: string };
  #search?: Promise<void>;
  #fruitless = 0;
  #readError?: Error;

  constructor(source: SecretCredentials) {
    this.#source = source;
  }

  get secretId(): string {
    return this.#source.secretId;
  }

  /** Why the secret could not be read during the last search, if it could not. */
  get readError(): Error | undefined {
    return this.#readError;
  }

  /** The version to log in with; `undefined` before the first read. */
  get version(): SecretVersion | undefined {
    const latest = this.#source.latest;
    return this.#pending && this.#pending.insteadOf === latest?.versionId ? this.#pending.version : latest;
  }

  /** Reads the secret, if it has not been read yet. */
  async ready(): Promise<void> {
    await this.#source.current();
  }

  isNewest(version: SecretVersion | undefined): boolean {
    return version?.versionId === this.version?.versionId;
  }

  accepted(version: SecretVersion): void {
    if (!this.isNewest(version)) return;
    this.#refused.clear();
    this.#fruitless = 0;
  }

  /** Resolves when the next login has a chance: another version was found, or some time has passed. */
  async refused(version: SecretVersion): Promise<void> {
    if (!this.isNewest(version)) return; // another was found since that login began
    this.#search ??= this.#findAnother(version).finally(() => { this.#search = undefined; });
    await this.#search;
  }

  async #findAnother({ versionId }: SecretVersion): Promise<void> {
    this.#refused.add(versionId);
    this.#readError = undefined;

    const current = await this.#attempt(() => this.#source.refresh());
    if (this.#isUntried(current)) {
      this.#pending = undefined;
      return;
    }
    const pending = await this.#attempt(() => this.#source.pending());
    if (this.#isUntried(pending)) {
      this.#pending = { version: pending, insteadOf: this.#source.latest?.versionId };
      return;
    }
    // Either the password changes in PostgreSQL before its version can be read here, or nothing will help: only time can tell.
    await sleep(this.#pause());
    this.#refused.clear();
    this.#pending = undefined;
  }

  /** A secret that cannot be read now is no reason to give up before the time is over. */
  async #attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#readError = error as Error;
      return undefined;
    }
  }

  #isUntried(version: SecretVersion | undefined): version is SecretVersion {
    return version !== undefined && !this.#refused.has(version.versionId);
  }

  /** Doubles, and is jittered so that the processes of a fleet do not come back together. */
  #pause(): number {
    const longest = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** this.#fruitless++);
    return longest * (0.5 + Math.random() / 2);
  }
}
