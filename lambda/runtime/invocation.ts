import type { Context } from 'aws-lambda';
import { log } from './log';
import { metricsOf } from './metrics';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';

/** The step and the secret of an invocation, known once its event is parsed. */
export interface Subject {
  /** A dimension of the metrics, so it must have few values. */
  readonly step: string;
  readonly secretId?: string;
}

/**
 * Runs the work of an invocation. Every log line names the step and the secret; the last line has the outcome and the
 * metrics. An error is thrown with its code and without its cause.
 *
 * @param work sets the context of the log as soon as the event is parsed
 */
export async function invocation<Result>(
  { awsRequestId: requestId, invokedFunctionArn }: Pick<Context, 'awsRequestId' | 'invokedFunctionArn'>,
  work: (setLogContext: (subject: Subject) => void) => Promise<Result>,
): Promise<Result> {
  const started = performance.now();
  const functionName = invokedFunctionArn.split(':')[6]; // the ARN may end in a version or an alias
  let step: string | undefined;
  const metrics = (code?: string) => metricsOf({ functionName, step, milliseconds: performance.now() - started, code });
  log.begin({ requestId });
  try {
    const result = await work(subject => {
      ({ step } = subject);
      log.setContext({ step, secretId: subject.secretId });
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
 * The error that Lambda reports: the code is its `name`, which Lambda returns as `errorType`. The cause is dropped,
 * because the driver and the SDK attach what they sent and received to it.
 */
function reported(error: unknown): Error {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const code = error instanceof RotatingPostgresError ? error.code : ErrorCode.UNEXPECTED;
  return Object.assign(new Error(message), { name: code });
}
