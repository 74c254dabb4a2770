import type { Refusals } from './refusals';
import type { ReplicaLag } from './replica-lag';
import type { Found } from './version-choice';
import type { SecretCredentials } from '../secret/credentials';
import { sleep } from '../shared/time';

/** All processes of a fleet are refused at the same time; the delay spreads their reads. */
const FIRST_JITTER_MILLIS = 50;
/**
 * Each pause is this share of the search's duration so far, so that a search takes at most that share longer than
 * necessary.
 */
const PAUSE_SHARE = 0.25;
const FIRST_PAUSE_MILLIS = 100;
const LONGEST_PAUSE_MILLIS = 2_000;

/**
 * Looks for a version that was not refused: a newer AWSCURRENT; then AWSPENDING, which is the valid one between the
 * password change of a single-user rotation and its `finishSecret`; then, on a replica, AWSPREVIOUS.
 */
export class VersionSearch {
  readonly #source: Pick<SecretCredentials, 'refresh' | 'pending' | 'previous' | 'latest'>;
  readonly #refusals: Refusals;
  readonly #lag: ReplicaLag;
  #unreadable?: Error;

  constructor(
    source: Pick<SecretCredentials, 'refresh' | 'pending' | 'previous' | 'latest'>,
    refusals: Refusals,
    lag: ReplicaLag,
  ) {
    this.#source = source;
    this.#refusals = refusals;
    this.#lag = lag;
  }

  /** Why a version could not be read in the last round. */
  get unreadable(): Error | undefined {
    return this.#unreadable;
  }

  /** Repeats rounds until it finds a version, or no caller waits any more. */
  async run(isWanted: () => boolean): Promise<Found | undefined> {
    await sleep(Math.random() * FIRST_JITTER_MILLIS);
    const begun = performance.now();
    while (isWanted()) {
      const found = await this.#round();
      if (found) return found;
      const pause = Math.min(
        Math.max(FIRST_PAUSE_MILLIS, (performance.now() - begun) * PAUSE_SHARE),
        LONGEST_PAUSE_MILLIS,
      );
      await sleep(pause * (0.5 + Math.random() / 2));
    }
    return undefined;
  }

  async #round(): Promise<Found | undefined> {
    this.#unreadable = undefined;
    const current = (await this.#attempt(() => this.#source.refresh())) ?? this.#source.latest;
    if (current && !this.#refusals.has(current.versionId)) return { version: current, current };
    const pending = await this.#attempt(() => this.#source.pending());
    if (pending && !this.#refusals.has(pending.versionId)) return { version: pending, current };
    if (current && this.#lag.allowsPrevious(current, this.#refusals.codeFor(current.versionId))) {
      const previous = await this.#attempt(() => this.#source.previous());
      if (previous && !this.#refusals.has(previous.versionId)) {
        return { version: previous, current, until: this.#lag.begin(current) };
      }
    }
    // PostgreSQL may know a password before it can be read here, or the reverse, or no version is valid. Only retrying
    // can tell.
    const again = this.#refusals.retry([current, pending]);
    return again && { version: again, current };
  }

  /** A failed read does not end the search before its time is over. */
  async #attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#unreadable = error as Error;
      return undefined;
    }
  }
}
