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
   * For a replica endpoint: how long, in milliseconds, the replica may accept only AWSPREVIOUS after AWSCURRENT has
   * moved.
   * @default - 0: the endpoint is not a replica, and AWSPREVIOUS is never tried
   */
  readonly replicaLagMillis?: number;
  /**
   * How long, in milliseconds, a refused login is retried before callers receive the error. After that, callers receive
   * the error at once until a login succeeds. In the meantime, the known versions are retried at most three times a
   * minute, and a new version at once.
   * @default 15000
   */
  readonly loginBudgetMillis?: number;
}

/**
 * Decides which version of a secret the next login at an endpoint uses: AWSCURRENT until PostgreSQL refuses it. Then no
 * other login uses it, and a single search looks for another version. Only one login at a time tries a version that
 * PostgreSQL has not accepted before. Nothing is sent before the login, so that a refused login can always be retried.
 */
export class Login {
  /** Counts accepted logins, refused logins, and searches for a version that is accepted. */
  readonly counters = { logins: 0, refusedLogins: 0, searches: 0 };
  readonly budgetMillis: number;
  /**
   * Called once when every version has been refused for longer than the budget and callers start to receive the error
   * at once.
   */
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
   * Whether every version has been refused for longer than the budget. Callers then receive the error at once, until
   * the next retry.
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
   * @param until deadline in milliseconds of `performance.now()`
   * @throws with code `Authentication` when no version is accepted before the deadline, with code `SecretsManager` when
   * none can be read
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

  /** A login failed for a reason other than its credential. */
  failed(version: SecretVersion): void {
    this.#ended(version);
  }

  #ended({ versionId }: SecretVersion): void {
    this.#probe.ends(versionId);
    this.#refusals.endRetry(versionId);
    this.#waiters.wake();
  }

  /** Starts a search unless one is running, however many callers wait. */
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
