/**
 * Admits callers up to a limit, in the order in which they arrive. Callers must not wait in pg's own queue, because it
 * starts a new login for a waiter whenever one has failed.
 */
export class Gate {
  #free: number;
  #closed = false;
  readonly #queue: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** The number of waiting callers. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Takes a slot if one is free. */
  tryEnter(): boolean {
    if (this.#closed || this.#free <= 0) return false; // no caller waits while a slot is free
    this.#free--;
    return true;
  }

  /**
   * Takes a slot.
   *
   * @param until deadline in milliseconds of `performance.now()`; Infinity for none
   * @returns false when the deadline passed first
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

  /** Admits no caller until the work has ended. */
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
