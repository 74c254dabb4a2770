import { testSecret } from './test-secret';
import { checkLogin } from '../../credential/check-login';
import type { Rotation } from '../state/rotation';
import { readCurrent } from '../state/secret-versions';
import { strategyOf } from '../strategies/strategy';

/**
 * Moves AWSCURRENT to the pending version. Consumers read it from then on, so that it must log in; a process that has
 * seen it log in does not test it again.
 *
 * AWSPENDING is then removed: left in place, it would block the next rotation as soon as another version became
 * current.
 */
export async function finishSecret(rotation: Rotation): Promise<void> {
  const { store, secretId, token, currentVersion, cached } = rotation;
  if (!cached.tested) await testSecret(rotation);
  await store.makeCurrent(secretId, token, currentVersion);
  await store.removePending(secretId, token);
  const current = cached.pending && { id: token, version: cached.pending };
  await retire({ ...rotation, currentVersion: token, previousVersion: currentVersion, cached: { ...cached, current } });
}

/** Completes a rotation whose version is already AWSCURRENT. */
export async function completeRotation(rotation: Rotation, stillPending: boolean): Promise<void> {
  if (stillPending) await rotation.store.removePending(rotation.secretId, rotation.token);
  if (!retires(rotation)) return;
  // The database may have been restored from a backup since. Then only the replaced login works until the next
  // rotation, and must not be retired.
  await checkLogin(rotation, (await readCurrent(rotation)).credential);
  await retire(rotation);
}

function retires({ settings, previousVersion }: Rotation): boolean {
  return settings.retireAfterSeconds !== undefined && previousVersion !== undefined;
}

/**
 * If the function has a `retireAfter` setting, the replaced login stops working after that time and not only at the
 * next rotation.
 */
async function retire(rotation: Rotation): Promise<void> {
  if (!retires(rotation)) return;
  const { credential } = await readCurrent(rotation);
  await strategyOf(credential).retire?.(rotation, rotation.previousVersion!, credential);
}
