/** Callers that wait for a change. */
export class Waiters {
  #waiting: (() => void)[] = [];

  /** The number of waiting callers. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Resolves at the next `wake()`, or after `millis`. */
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

  /** Resolves all waiting calls. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
