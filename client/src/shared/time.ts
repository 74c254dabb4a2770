/**
 * Resolves with the promise, or with `undefined` at the deadline.
 *
 * @param until deadline in milliseconds of `performance.now()`; Infinity for none
 */
export async function within<T>(promise: Promise<T>, until: number): Promise<T | undefined> {
  if (until === Infinity) return promise;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, until - performance.now(), undefined);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits without keeping the process alive: this package sleeps only between retries, for which a process need not wait.
 */
export function sleep(millis: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, millis).unref());
}
