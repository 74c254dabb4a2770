import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import type { Deadline } from '../ports/deadline';

/** Time to report a failure in, before Lambda ends the function without a word. */
const RESERVE_MS = 3_000;

/** The function's own timeout, as Lambda counts it. */
export function lambdaDeadline(context: Pick<Context, 'getRemainingTimeInMillis'>): Deadline {
  const remaining = () => Math.max(0, context.getRemainingTimeInMillis() - RESERVE_MS);
  return {
    remaining,
    async wait(milliseconds) {
      if (milliseconds > remaining()) return false;
      await sleep(milliseconds);
      return true;
    },
  };
}
