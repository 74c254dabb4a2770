import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import type { Deadline } from '../ports/deadline';

/** Reserved for reporting a failure, because Lambda ends a function that times out without an error of its own. */
const RESERVE_MS = 3_000;

/** The deadline of an invocation: three seconds before Lambda's timeout of the function. */
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
