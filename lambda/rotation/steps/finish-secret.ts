import { testSecret } from './test-secret';
import { checkLogin } from '../../credential/check-login';
import type { Rotation } from '../state/rotation';
import { readCurrent } from '../state/secret-versions';
import { strategyOf } from '../strategies/strategy';

/**
 * Makes the pending version the current one: from here on consumers read it, so that it must log in. A process that has
 * seen it do so does not look again.
 *
 * AWSPENDING then has said all it had to; left where it is, it would block the next rotation as soon as another version
 * became current.
 */
export async function finishSecret(rotation: Rotation): Promise<void> {
  const { store, secretId, token, currentVersion, cached } = rotation;
  if (!cached.tested) await testSecret(rotation);
  await store.makeCurrent(secretId, token, currentVersion);
  await store.removePending(secretId, token);
  const current = cached.pending && { id: token, version: cached.pending };
  await retire({ ...rotation, currentVersion: token, previousVersion: currentVersion, cached: { ...cached, current } });
}

/** What is left to do when AWSCURRENT has moved already, for a rotation whose version is now the current one. */
export async function completeRotation(rotation: Rotation, stillPending: boolean): Promise<void> {
  if (stillPending) await rotation.store.removePending(rotation.secretId, rotation.token);
  if (!retires(rotation)) return;
  // The database may be back from a backup since: then the replaced login is the one that works, until the next
  // rotation.
  await checkLogin(rotation, (await readCurrent(rotation)).credential);
  await retire(rotation);
}

function retires({ settings, previousVersion }: Rotation): boolean {
  return settings.retireAfterSeconds !== undefined && previousVersion !== undefined;
}

/**
 * By its function's settings, the login that was replaced does not work until the next rotation, but only for a while.
 */
async function retire(rotation: Rotation): Promise<void> {
  if (!retires(rotation)) return;
  const { credential } = await readCurrent(rotation);
  await strategyOf(credential).retire?.(rotation, rotation.previousVersion!, credential);
}
