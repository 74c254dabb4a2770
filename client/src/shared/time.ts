/**
 * The promise, or `undefined` when the time is over first; `until` in milliseconds of `performance.now()`, Infinity for
 * no end.
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

/** Keeps no process alive: this package sleeps only between attempts that nobody must wait for. */
export function sleep(millis: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, millis).unref());
}
