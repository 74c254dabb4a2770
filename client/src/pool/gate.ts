/**
 * Admits callers up to a limit, in the order in which they came. pg's own queue would begin a new login for a waiter
 * whenever one has failed, so nobody may enter who would have to wait there.
 */
export class Gate {
  #free: number;
  #closed = false;
  readonly #queue: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Takes a place if one is free. */
  tryEnter(): boolean {
    if (this.#closed || this.#free <= 0) return false; // nobody waits while one is free
    this.#free--;
    return true;
  }

  /**
   * Takes a place.
   *
   * @param until in milliseconds of `performance.now()`; Infinity waits for ever
   * @returns false when the time was over first
   */
  enter(until: number): Promise<boolean> {
    if (this.tryEnter()) return Promise.resolve(true);
    return new Promise(resolve => {
      const timer =
        until === Infinity
          ? undefined
          : setTimeout(() => {
              this.#queue.splice(this.#queue.indexOf(admit), 1);
              resolve(false);
            }, until - performance.now());
      const admit = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#queue.push(admit);
    });
  }

  leave(): void {
    this.#free++;
    this.#admit();
  }

  /** Runs when nobody enters, until it has ended. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.#closed = true;
    try {
      return await work();
    } finally {
      this.#closed = false;
      this.#admit();
    }
  }

  #admit(): void {
    while (!this.#closed && this.#free > 0 && this.#queue.length > 0) {
      this.#free--;
      this.#queue.shift()!();
    }
  }
}
