import { setTimeout as pause } from 'node:timers/promises';

/** Longer than a busy machine takes, shorter than a test may. */
const BOUND_MILLIS = 30_000;

/** Waits for something to come true. Whoever waits in vain fails, with what was waited for, and does not hang the run. */
export async function until(what: () => boolean): Promise<void> {
  for (const end = performance.now() + BOUND_MILLIS; !what(); await pause(5)) {
    if (performance.now() > end) throw new Error(`in vain: ${what.toString()}`);
  }
}
