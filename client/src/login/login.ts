import { ErrorCode } from '../../../src/contract';
import type { SecretCredentials } from '../secret/credentials';
import type { SecretVersion } from '../secret/secret-reader';
import { codeOf, RotatingPostgresError } from '../shared/errors';
import { sleep } from '../shared/time';

const LOGIN_BUDGET_MILLIS = 15_000;
/** The processes of a fleet are refused together, and must not read together. */
const FIRST_JITTER_MILLIS = 50;
/**
 * A search pauses for a part of the time that it has taken: then it takes longer than it must by no more than that
 * part.
 */
const PAUSE_SHARE = 0.25;
const FIRST_PAUSE_MILLIS = 100;
const LONGEST_PAUSE_MILLIS = 2_000;
/** When every version has been refused, one of them is tried again after these: three logins in a minute at most. */
const FIRST_RETRY_MILLIS = 2_000;
const RETRY_MILLIS = 20_000;
/** A login that neither succeeds nor fails holds the others back for no longer. */
const PROBE_MILLIS = 5_000;

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
 * logs in with it any more, and one search looks for another: a newer AWSCURRENT, else AWSPENDING, which is the one
 * that works between a single-user rotation's change of the password and its end. A version that is new is tried by one
 * login first. Nothing is sent before a login, so a refused login may always be tried again.
 */
export class Login {
  /** Logins that were accepted and that were refused, and searches for a version that is accepted. */
  readonly counters = { logins: 0, refusedLogins: 0, searches: 0 };
  readonly budgetMillis: number;
  /** Called once when callers begin to hear at once that every version is refused. */
  onGivenUp?: (error: Error) => void;
  #isSaid = false;
  readonly #source: SecretCredentials;
  readonly #replicaLagMillis: number;
  /** Used instead of AWSCURRENT, for as long as that is still the version that was refused. */
  #instead?: { readonly version: SecretVersion; readonly of?: string };
  /** Until when AWSPREVIOUS may be used instead of that AWSCURRENT. */
  #lag?: { readonly of: string; readonly until: number };
  /** The version with which a login succeeded last. */
  #accepted?: string;
  /** The versions that were refused since, each with the SQLSTATE. */
  readonly #refused = new Map<string, string | undefined>();
  /** One of them that is tried once more. */
  #retried?: string;
  /** The login that tries a version which is not known to be accepted. */
  #probe?: { readonly versionId: string; readonly since: number };
  #search?: Promise<void>;
  /** Wakes who waits for the end of a probe or search. */
  #waiting: (() => void)[] = [];
  /** Since when no version is accepted, counted from the last one that was new. */
  #refusedSince = 0;
  #retries = 0;
  #retryAt = Infinity;
  #refusal?: Error;
  #unreadable?: Error;

  constructor(
    source: SecretCredentials,
    { replicaLagMillis = 0, loginBudgetMillis = LOGIN_BUDGET_MILLIS }: LoginOptions = {},
  ) {
    this.#source = source;
    this.budgetMillis = loginBudgetMillis;
    this.#replicaLagMillis = replicaLagMillis;
  }

  /** The version to log in with; `undefined` before the first read. */
  get version(): SecretVersion | undefined {
    const latest = this.#source.latest;
    return this.#instead && this.#instead.of === latest?.versionId ? this.#instead.version : latest;
  }

  /**
   * Every version has been refused for longer than the budget: until the next one is tried, callers hear of it at once.
   */
  get isGivenUp(): boolean {
    const { version } = this;
    if (!version || !this.#isRefused(version)) return false;
    const now = performance.now();
    return now - this.#refusedSince > this.budgetMillis && now < this.#retryAt;
  }

  isNewest(version: SecretVersion | undefined): boolean {
    return version?.versionId === this.version?.versionId;
  }

  /** Whether a login with this version may begin now. */
  mayTry(version: SecretVersion): boolean {
    const { versionId } = version;
    if (versionId !== this.version?.versionId || this.#isRefused(version)) return false;
    return (
      versionId === this.#accepted ||
      this.#probe?.versionId !== versionId ||
      performance.now() - this.#probe.since > PROBE_MILLIS
    );
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
      if (this.isGivenUp) throw this.#said(this.#error(version));
      const changed = this.#change(until - now);
      if (this.#isRefused(version)) {
        this.#search ??= this.#findAnother().finally(() => {
          this.#search = undefined;
          this.#wake();
        });
      }
      await changed;
    }
  }

  begins({ versionId }: SecretVersion): void {
    if (versionId !== this.#accepted) this.#probe = { versionId, since: performance.now() };
  }

  accepted({ versionId }: SecretVersion): void {
    this.counters.logins++;
    if (versionId === this.version?.versionId) {
      this.#accepted = versionId;
      this.#refused.clear();
      this.#retries = 0;
      this.#isSaid = false;
    }
    this.#endProbe(versionId);
  }

  refused(version: SecretVersion, error: Error): void {
    const { versionId } = version;
    this.counters.refusedLogins++;
    this.#refusal = error;
    if (this.#accepted === versionId) this.#accepted = undefined;
    if (!this.#refused.has(versionId)) {
      this.#refusedSince = performance.now();
      this.#retryAt = Infinity;
    }
    this.#refused.set(versionId, codeOf(error));
    this.#endProbe(versionId);
  }

  /** A login failed, but not because of its credential. */
  failed({ versionId }: SecretVersion): void {
    this.#endProbe(versionId);
  }

  async #findAnother(): Promise<void> {
    this.counters.searches++;
    await sleep(Math.random() * FIRST_JITTER_MILLIS);
    const begun = performance.now();
    while (this.#waiting.length > 0) {
      this.#unreadable = undefined;
      const current = (await this.#attempt(() => this.#source.refresh())) ?? this.#source.latest;
      if (current && !this.#refused.has(current.versionId)) return this.#use(current, current);
      const pending = await this.#attempt(() => this.#source.pending());
      if (pending && !this.#refused.has(pending.versionId)) return this.#use(pending, current);
      const previous =
        current && this.#mayLag(current) ? await this.#attempt(() => this.#source.previous()) : undefined;
      if (previous && !this.#refused.has(previous.versionId)) return this.#useForAWhile(previous, current!);

      // Either PostgreSQL knows a password before it can be read here, or the reverse, or nothing will help: only time
      // can tell.
      const again = this.#againNow([current, pending]);
      if (again) return this.#use(again, current);
      const pause = Math.min(
        Math.max(FIRST_PAUSE_MILLIS, (performance.now() - begun) * PAUSE_SHARE),
        LONGEST_PAUSE_MILLIS,
      );
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  }

  /** One of the versions that were refused, if it is time to try one of them once more. */
  #againNow(versions: (SecretVersion | undefined)[]): SecretVersion | undefined {
    const now = performance.now();
    if (this.#retryAt === Infinity) this.#retryAt = now + FIRST_RETRY_MILLIS;
    if (now < this.#retryAt) return undefined;
    this.#retryAt = now + RETRY_MILLIS;
    const known = versions.filter(version => version !== undefined);
    const again = known[this.#retries++ % known.length];
    this.#retried = again?.versionId;
    return again;
  }

  #use(version: SecretVersion, current: SecretVersion | undefined): void {
    this.#instead = version === current ? undefined : { version, of: current?.versionId };
  }

  #useForAWhile(version: SecretVersion, current: SecretVersion): void {
    if (this.#lag?.of !== current.versionId) {
      this.#lag = { of: current.versionId, until: performance.now() + this.#replicaLagMillis };
    }
    this.#use(version, current);
    const instead = this.#instead;
    // Then the replica has caught up, or should have.
    setTimeout(() => {
      if (this.#instead === instead) this.#instead = undefined;
    }, this.#lag.until - performance.now()).unref();
  }

  /** A login that was disabled on purpose (28000) is not gone around. */
  #mayLag({ versionId }: SecretVersion): boolean {
    if (this.#replicaLagMillis <= 0 || this.#refused.get(versionId) !== '28P01') return false;
    return this.#lag?.of !== versionId || performance.now() < this.#lag.until;
  }

  #isRefused({ versionId }: SecretVersion): boolean {
    return this.#refused.has(versionId) && this.#retried !== versionId;
  }

  /** A secret that cannot be read now is no reason to give up before the time is over. */
  async #attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#unreadable = error as Error;
      return undefined;
    }
  }

  #endProbe(versionId: string): void {
    if (this.#probe?.versionId === versionId) this.#probe = undefined;
    if (this.#retried === versionId) this.#retried = undefined;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Resolves when something has changed, or the time is over. */
  #change(millis: number): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(
        () => {
          this.#waiting = this.#waiting.filter(waiting => waiting !== wake);
          resolve();
        },
        Math.min(millis, PROBE_MILLIS),
      );
      this.#waiting.push(wake);
    });
  }

  #said(error: RotatingPostgresError): RotatingPostgresError {
    if (!this.#isSaid) this.onGivenUp?.(error);
    this.#isSaid = true;
    return error;
  }

  #error(version: SecretVersion | undefined): RotatingPostgresError {
    const { secretId } = this.#source;
    if (!version) {
      return new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `secret ${secretId} could not be read in time`);
    }
    const reasons = [this.#refusal?.message ?? 'a login hangs', this.#unreadable?.message].filter(
      reason => reason !== undefined,
    );
    return new RotatingPostgresError(
      ErrorCode.AUTHENTICATION,
      `${version.credential.host} refuses every version of secret ${secretId}: ${reasons.join('; ')}`,
      { cause: this.#refusal },
    );
  }
}
