import { createSecret } from './create-secret';
import { type RotationEvent, type Step } from './event';
import { finishSecret } from './finish-secret';
import type { Ports, Rotation } from './rotation';
import { setSecret } from './set-secret';
import { testSecret } from './test-secret';
import { RotatingPostgresError } from '../../client/src/errors';
import { ErrorCode } from '../../src/contract';
import { log } from '../log';

const STEPS: Record<Step, (rotation: Rotation) => Promise<void>> = { createSecret, setSecret, testSecret, finishSecret };

/**
 * Runs one step, if it is due. Secrets Manager may send a step twice, late, or again after a failure: a rotation that is
 * finished stays as it is, and one that is not pending, or not this function's, is refused before any value is read.
 */
export async function rotate(event: RotationEvent, ports: Ports): Promise<void> {
  const { arn, rotationEnabled, rotationFunctionArn, stages } = await ports.store.describe(event.secretId);
  const refuse = (why: string) => new RotatingPostgresError(ErrorCode.NOT_PENDING, `${event.secretId}: ${why}`);

  const labels = stages[event.token];
  if (labels?.includes('AWSCURRENT')) {
    log.info('the rotation is already finished', { step: event.step, secretId: arn });
    return;
  }
  if (!rotationEnabled) throw refuse('rotation is not enabled');
  if (unqualified(rotationFunctionArn) !== unqualified(ports.functionArn)) {
    throw refuse(`its rotation function is ${rotationFunctionArn ?? 'none'}, not ${ports.functionArn}`);
  }
  if (!labels?.includes('AWSPENDING')) throw refuse(`version ${event.token} is not AWSPENDING`);

  const currentVersion = Object.keys(stages).find(version => stages[version].includes('AWSCURRENT'));
  if (currentVersion === undefined) throw refuse('no version is AWSCURRENT');
  const { token, rotationToken } = event;
  await STEPS[event.step]({ ...ports, secretId: arn, token, rotationToken, currentVersion, known: ports.known.get(token) });
  if (event.step === 'finishSecret') ports.known.forget(token);
  log.info('the step is done', { step: event.step, secretId: arn });
}

/** The ARN without the version or alias that may follow the function's name. */
function unqualified(arn: string | undefined): string | undefined {
  return arn?.split(':').slice(0, 7).join(':');
}
