/**
 * The inside of a function's process: loads the bundle, answers invocations, one at a time, as the Lambda runtime does.
 * Started by function-process.ts with the bundle's path as its argument.
 */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Context } from 'aws-lambda';
import { FUNCTION_ARN } from './function-arn';

/** What the parent sends. */
export interface Invocation {
  readonly event: unknown;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** What comes back. The names are those of Lambda's own answer. */
export type Outcome = { readonly result: unknown } | { readonly errorType: string; readonly errorMessage: string };

type Handler = (event: unknown, context: Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis' | 'invokedFunctionArn'>) => unknown;

process.on('message', ({ event, deadline }: Invocation) => {
  void answer(event, deadline).then(outcome => process.send?.(outcome));
});
process.on('disconnect', () => process.exit());

async function answer(event: unknown, deadline: number): Promise<Outcome> {
  try {
    const { handler } = createRequire(__filename)(process.argv[2]) as { handler: Handler };
    const result = await handler(event, {
      awsRequestId: randomUUID(), invokedFunctionArn: FUNCTION_ARN, getRemainingTimeInMillis: () => deadline - Date.now(),
    });
    return { result };
  } catch (error) {
    return failure(error);
  }
}

/** Lambda logs an error's own properties with it: whatever a driver hangs on its errors gets into the log. */
function failure(error: unknown): Outcome {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  const outcome = { errorType: error.name, errorMessage: error.message };
  console.error('Invoke Error', JSON.stringify({ ...outcome, ...error, stack: error.stack?.split('\n') }));
  return outcome;
}
