/** Callers that wait until something changes. */
export class Waiters {
  #waiting: (() => void)[] = [];

  /** How many wait. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Resolves at the next `wake()`, or when the time is over. */
  change(millis: number): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter(waiting => waiting !== wake);
        resolve();
      }, millis);
      this.#waiting.push(wake);
    });
  }

  /** Something has changed. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
