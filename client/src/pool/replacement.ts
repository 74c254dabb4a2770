import type * as pg from 'pg';
import { codeOf } from '../shared/errors';
import { sleep } from '../shared/time';

/** Between two replacements, so that a fleet does not log in all at once. */
const PAUSE_MILLIS = 20;
/** After a login that failed: doubled each time. */
const RETRY_MILLIS = 1_000;
const LONGEST_RETRY_MILLIS = 60_000;
/** How long a spare waits for a connection to be given back; one that is lent for longer is replaced when it comes. */
const SPARE_MILLIS = 30_000;
/** The server, or the role, has no connection to spare. */
const TOO_MANY_CONNECTIONS = '53300';

/** What a replacement needs of a pool. */
export interface Replaceable {
  /** How many connections are out of date, idle or lent. */
  outdated(): number;
  /** A connection beside the pool's, logged in with what is newest. */
  connectAhead(): Promise<pg.Client>;
  /** Closes an idle connection that is out of date and puts the spare in its place; false where none is idle. */
  swap(spare?: pg.Client): Promise<boolean>;
}

/**
 * Replaces connections that are out of date, one at a time: the new one is logged in first, so that no caller waits for
 * a login because of a rotation, and no more than one connection exists beside the pool's.
 */
export class Replacement {
  /** How many connections were replaced. */
  count = 0;
  #running = false;
  #stopped = false;
  /** One was given back while nobody looked. */
  #missed = false;
  /** While a spare waits: has it take the place of one that is idle now, or gives it up. */
  #offer?: (swap: boolean) => void;

  constructor(private readonly members: Replaceable) {}

  /** Connections may have become out of date. */
  start(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  /**
   * A connection that is out of date was given back. If a spare waits for that, the swap begins at once, before anybody
   * takes it.
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
        // Closing one makes room: the next caller logs in.
        if (codeOf(error) === TOO_MANY_CONNECTIONS) await this.members.swap();
        pause = retry;
        retry = Math.min(retry * 2, LONGEST_RETRY_MILLIS);
      }
      await sleep(pause * (0.5 + Math.random()));
    }
  }

  /** False when none was given back for a long time. */
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

  /** Undefined when none was given back for a long time. */
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
