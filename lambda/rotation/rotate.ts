import { type RotationEvent, type Step } from './event';
import { checkDue } from './state/check-due';
import type { Ports, Rotation } from './state/rotation';
import { bindingOf } from '../credential/binding';
import { createSecret } from './steps/create-secret';
import { isRevoked, rotates, versionAt } from '../credential/version-stages';
import { completeRotation, finishSecret } from './steps/finish-secret';
import { setSecret } from './steps/set-secret';
import { testSecret } from './steps/test-secret';
import { StagingLabel } from '../../src/contract';
import { log } from '../runtime/log';

const STEPS: Record<Step, (rotation: Rotation) => Promise<void>> = {
  createSecret,
  setSecret,
  testSecret,
  finishSecret,
};

/**
 * Runs one step, if it is due. Secrets Manager may send a step twice, late, or again after a failure: a rotation that
 * is finished stays as it is, and one that is not pending, or not this function's, is refused before any value is
 * looked at.
 */
export async function rotate(event: RotationEvent, ports: Ports): Promise<void> {
  const { step, token, rotationToken } = event;
  // The first step always needs the value: it is read while the description is, and looked at only if the step is due.
  const prefetchedCurrent = step === 'createSecret' ? ports.store.readCurrent(event.secretId) : undefined;
  prefetchedCurrent?.catch(() => undefined); // whoever looks at it gets the error
  const description = await ports.store.describe(event.secretId);
  const { arn, tags } = description;
  const begin = (currentVersion: string): Rotation => ({
    ...ports,
    secretId: arn,
    token,
    rotationToken,
    currentVersion,
    previousVersion: versionAt(StagingLabel.PREVIOUS, description),
    binding: bindingOf(arn, tags, ports.settings.servers),
    cached: ports.rotationCache.get(token),
    prefetchedCurrent,
  });

  if (versionAt(StagingLabel.CURRENT, description) === token) {
    // It may have been killed between the move of the label and the end of its work.
    if (step === 'finishSecret' && rotates(description, ports.functionArn)) {
      await completeRotation(begin(token), description.stages[token].includes(StagingLabel.PENDING));
      ports.rotationCache.forget(token);
    }
    log.info('the rotation is already finished');
    return;
  }
  // Its createSecret came after the revocation; the label would block every rotation to come.
  if (isRevoked(token, description) && versionAt(StagingLabel.PENDING, description) === token) {
    await ports.store.removePending(arn, token);
  }
  const currentVersion = checkDue(event, description, ports.functionArn);
  await STEPS[step](begin(currentVersion));
  if (step === 'finishSecret') ports.rotationCache.forget(token);
}
