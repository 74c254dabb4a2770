import { Probe, PROBE_MILLIS } from './probe';
import { Refusals } from './refusals';
import { ReplicaLag } from './replica-lag';
import { VersionChoice } from './version-choice';
import { VersionSearch } from './version-search';
import { Waiters } from './waiters';
import { ErrorCode } from '../../../src/contract';
import type { SecretCredentials } from '../secret/credentials';
import type { SecretVersion } from '../secret/secret-reader';
import { RotatingPostgresError } from '../shared/errors';

const LOGIN_BUDGET_MILLIS = 15_000;

export interface LoginOptions {
  /**
   * For an endpoint that is a replica: for how long, in milliseconds, it may know no more than AWSPREVIOUS after
   * AWSCURRENT moved.
   * @default - it is no replica: AWSPREVIOUS is never tried
   */
  readonly replicaLagMillis?: number;
  /**
   * For how long a refused login is tried again before callers get the error, in milliseconds. After that they get it
   * at once, until a login succeeds, which is tried three times in a minute at most, or at once with a version that is
   * new.
   * @default 15000
   */
  readonly loginBudgetMillis?: number;
}

/**
 * Which version of a secret the next login at an endpoint uses: AWSCURRENT until PostgreSQL refuses it. Then nobody
 * logs in with it any more, and one search looks for another. A version that is new is tried by one login first.
 * Nothing is sent before a login, so a refused login may always be tried again.
 */
export class Login {
  /** Logins that were accepted and that were refused, and searches for a version that is accepted. */
  readonly counters = { logins: 0, refusedLogins: 0, searches: 0 };
  readonly budgetMillis: number;
  /** Called once when callers begin to hear at once that every version is refused. */
  onGivenUp?: (error: Error) => void;
  #isReported = false;
  readonly #source: SecretCredentials;
  readonly #choice: VersionChoice;
  readonly #probe = new Probe();
  readonly #refusals = new Refusals();
  readonly #search: VersionSearch;
  #isSearching = false;
  readonly #waiters = new Waiters();

  constructor(
    source: SecretCredentials,
    { replicaLagMillis = 0, loginBudgetMillis = LOGIN_BUDGET_MILLIS }: LoginOptions = {},
  ) {
    this.#source = source;
    this.budgetMillis = loginBudgetMillis;
    this.#choice = new VersionChoice(() => source.latest);
    this.#search = new VersionSearch(source, this.#refusals, new ReplicaLag(replicaLagMillis));
  }

  /** The version to log in with; `undefined` before the first read. */
  get version(): SecretVersion | undefined {
    return this.#choice.version;
  }

  /**
   * Every version has been refused for longer than the budget: until the next one is tried, callers hear of it at once.
   */
  get isGivenUp(): boolean {
    const { version } = this;
    return !!version && this.#refusals.bars(version.versionId) && this.#refusals.lastedFor(this.budgetMillis);
  }

  isNewest(version: SecretVersion | undefined): boolean {
    return version?.versionId === this.version?.versionId;
  }

  /** Whether a login with this version may begin now. */
  mayTry(version: SecretVersion): boolean {
    const { versionId } = version;
    return this.isNewest(version) && !this.#refusals.bars(versionId) && this.#probe.admits(versionId);
  }

  /**
   * Resolves when a login may begin.
   *
   * @param until in milliseconds of `performance.now()`
   * @throws with code `Authentication` when no version is accepted in that time, with `SecretsManager` when none can be
   * read
   */
  async admission(until: number): Promise<void> {
    await this.#source.beforeLogin(until);
    for (;;) {
      const { version } = this;
      if (version && this.mayTry(version)) return;
      const now = performance.now();
      if (!version || now >= until) throw this.#error(version);
      if (this.isGivenUp) throw this.#reported(this.#error(version));
      const changed = this.#waiters.change(Math.min(until - now, PROBE_MILLIS));
      if (this.#refusals.bars(version.versionId)) void this.#findAnother();
      await changed;
    }
  }

  begins({ versionId }: SecretVersion): void {
    this.#probe.begins(versionId);
  }

  accepted(version: SecretVersion): void {
    this.counters.logins++;
    if (this.isNewest(version)) {
      this.#probe.accepted(version.versionId);
      this.#refusals.clear();
      this.#isReported = false;
    }
    this.#ended(version);
  }

  refused(version: SecretVersion, error: Error): void {
    this.counters.refusedLogins++;
    this.#probe.refused(version.versionId);
    this.#refusals.add(version.versionId, error);
    this.#ended(version);
  }

  /** A login failed, but not because of its credential. */
  failed(version: SecretVersion): void {
    this.#ended(version);
  }

  #ended({ versionId }: SecretVersion): void {
    this.#probe.ends(versionId);
    this.#refusals.endRetry(versionId);
    this.#waiters.wake();
  }

  /** However many callers wait, one search. */
  async #findAnother(): Promise<void> {
    if (this.#isSearching) return;
    this.#isSearching = true;
    this.counters.searches++;
    const found = await this.#search.run(() => this.#waiters.count > 0);
    if (found) this.#choice.use(found);
    this.#isSearching = false;
    this.#waiters.wake();
  }

  #reported(error: RotatingPostgresError): RotatingPostgresError {
    if (!this.#isReported) this.onGivenUp?.(error);
    this.#isReported = true;
    return error;
  }

  #error(version: SecretVersion | undefined): RotatingPostgresError {
    const { secretId } = this.#source;
    if (!version) {
      return new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `secret ${secretId} could not be read in time`);
    }
    const cause = this.#refusals.last;
    const reasons = [cause?.message ?? 'a login hangs', this.#search.unreadable?.message].filter(
      reason => reason !== undefined,
    );
    return new RotatingPostgresError(
      ErrorCode.AUTHENTICATION,
      `${version.credential.host} refuses every version of secret ${secretId}: ${reasons.join('; ')}`,
      { cause },
    );
  }
}
