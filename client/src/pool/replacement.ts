import type * as pg from 'pg';
import { codeOf } from '../shared/errors';
import { sleep } from '../shared/time';

/** The pause between two replacements, so that the processes of a fleet do not all log in at once. */
const PAUSE_MILLIS = 20;
/** The pause after a failed login, doubled each time. */
const RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 60_000;
/**
 * How long a spare waits for an outdated connection to be returned. One that is in use for longer is replaced when it
 * is returned.
 */
const SPARE_MILLIS = 30_000;
/** SQLSTATE `too_many_connections`: of the server or the role. */
const TOO_MANY_CONNECTIONS = '53300';

/** The part of a pool that a replacement uses. */
export interface Replaceable {
  /** The number of outdated connections, idle or in use. */
  outdated(): number;
  /** Opens a connection outside the pool with the newest version. */
  connectAhead(): Promise<pg.Client>;
  /** Closes an idle outdated connection and puts the spare in its place; false if none is idle. */
  swap(spare?: pg.Client): Promise<boolean>;
}

/**
 * Replaces outdated connections, one at a time. The new connection logs in first, so that no caller waits for a login
 * because of a rotation, and at most one connection exists in addition to the pool's.
 */
export class Replacement {
  /** The number of replaced connections. */
  count = 0;
  #running = false;
  #stopped = false;
  /** Whether an outdated connection was returned while no spare waited for it. */
  #missed = false;
  /** Set while a spare waits: swaps it with an idle connection (true) or gives it up (false). */
  #offer?: (swap: boolean) => void;

  constructor(private readonly members: Replaceable) {}

  /** Starts replacing, because connections may have become outdated. */
  start(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  /**
   * An outdated connection was returned. If a spare waits, the swap starts at once, before another caller takes the
   * connection.
   */
  returned(): void {
    this.start();
    this.#missed = true;
    this.#offer?.(true);
  }

  stop(): void {
    this.#stopped = true;
    this.#offer?.(false);
  }

  async #run(): Promise<void> {
    let retry = RETRY_MILLIS;
    while (!this.#stopped && this.members.outdated() > 0) {
      let pause = PAUSE_MILLIS;
      try {
        if (!(await this.#replaceOne())) return;
        retry = RETRY_MILLIS;
      } catch (error) {
        // Closing an outdated connection makes room: the next caller logs in.
        if (codeOf(error) === TOO_MANY_CONNECTIONS) await this.members.swap();
        pause = retry;
        retry = Math.min(retry * 2, LONGEST_RETRY_MILLIS);
      }
      await sleep(pause * (0.5 + Math.random()));
    }
  }

  /** Returns false when no outdated connection was returned in time. */
  async #replaceOne(): Promise<boolean> {
    const spare = await this.members.connectAhead();
    let taken: boolean | undefined = false;
    try {
      while (!taken && !this.#stopped && this.members.outdated() > 0) {
        this.#missed = false;
        taken = await this.members.swap(spare);
        if (!taken && !this.#missed && !this.#stopped) taken = await this.#swapWhenReturned(spare);
        if (taken === undefined) return false;
      }
      if (taken) this.count++;
      return true;
    } finally {
      if (!taken) spare.end().catch(() => undefined);
    }
  }

  /** Returns undefined when no outdated connection was returned in time. */
  async #swapWhenReturned(spare: pg.Client): Promise<boolean | undefined> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<boolean | undefined>((resolve, reject) => {
        timer = setTimeout(resolve, SPARE_MILLIS, undefined).unref();
        this.#offer = swap => {
          this.#offer = undefined;
          if (swap) this.members.swap(spare).then(resolve, reject);
          else resolve(false);
        };
      });
    } finally {
      clearTimeout(timer);
      this.#offer = undefined;
    }
  }
}
