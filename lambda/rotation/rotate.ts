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
 * Runs one step if it is due. Secrets Manager may deliver a step twice, late, or again after a failure. A finished
 * rotation stays as it is. A rotation that is not pending, or whose secret has another rotation function, is refused
 * before any value of the secret is parsed.
 */
export async function rotate(event: RotationEvent, ports: Ports): Promise<void> {
  const { step, token, rotationToken } = event;
  // `createSecret` always needs AWSCURRENT. It is requested in parallel with the description, and parsed only if the
  // step is due.
  const prefetchedCurrent = step === 'createSecret' ? ports.store.readCurrent(event.secretId) : undefined;
  prefetchedCurrent?.catch(() => undefined); // the step that awaits it receives the error
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
    // An earlier attempt may have ended between moving AWSCURRENT and completing its work.
    if (step === 'finishSecret' && rotates(description, ports.functionArn)) {
      await completeRotation(begin(token), description.stages[token].includes(StagingLabel.PENDING));
      ports.rotationCache.forget(token);
    }
    log.info('the rotation is already finished');
    return;
  }
  // `createSecret` ran after the revocation. A leftover AWSPENDING would block every later rotation.
  if (isRevoked(token, description) && versionAt(StagingLabel.PENDING, description) === token) {
    await ports.store.removePending(arn, token);
  }
  const currentVersion = checkDue(event, description, ports.functionArn);
  await STEPS[step](begin(currentVersion));
  if (step === 'finishSecret') ports.rotationCache.forget(token);
}
