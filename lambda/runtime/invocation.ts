import type { Context } from 'aws-lambda';
import { log } from './log';
import { metricsOf } from './metrics';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';

/** What an invocation is about, once its event is understood. */
export interface Subject {
  /** One of few: a dimension of the metrics. */
  readonly step: string;
  readonly secretId?: string;
}

/**
 * Does what a function was invoked for. Its log lines say what they are about, the last one how it ended, with the
 * metrics; an error leaves with its code and without its cause.
 *
 * @param work says what it is about as soon as it knows
 */
export async function invocation<Result>(
  { awsRequestId: requestId, invokedFunctionArn }: Pick<Context, 'awsRequestId' | 'invokedFunctionArn'>,
  work: (about: (subject: Subject) => void) => Promise<Result>,
): Promise<Result> {
  const started = performance.now();
  const functionName = invokedFunctionArn.split(':')[6]; // a version or an alias may follow
  let step: string | undefined;
  const metrics = (code?: string) => metricsOf({ functionName, step, milliseconds: performance.now() - started, code });
  log.begin({ requestId });
  try {
    const result = await work(subject => {
      ({ step } = subject);
      log.about({ step, secretId: subject.secretId });
    });
    log.info('the step is done', metrics());
    return result;
  } catch (error) {
    const failure = reported(error);
    log.error(failure.message, { code: failure.name, ...metrics(failure.name) });
    throw failure;
  }
}

/**
 * What leaves a function: the code as the error's name, which Lambda reports as `errorType`, and the message. The cause
 * stays inside, for the driver and the SDK hang on it what was sent and received.
 */
function reported(error: unknown): Error {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof RotatingPostgresError ? error.code : ErrorCode.UNEXPECTED;
  return Object.assign(new Error(message), { name: code });
}
