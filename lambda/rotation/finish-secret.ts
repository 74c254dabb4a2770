import type { Rotation } from './rotation';
import { strategyOf } from './strategy';
import { testSecret } from './test-secret';
import { readCurrent } from './versions';

/**
 * Makes the pending version the current one: from here on consumers read it, so that it must log in. A process that has
 * seen it do so does not look again.
 *
 * AWSPENDING then has said all it had to; left where it is, it would block the next rotation as soon as another version
 * became current.
 */
export async function finishSecret(rotation: Rotation): Promise<void> {
  const { store, secretId, token, currentVersion, known } = rotation;
  if (!known.tested) await testSecret(rotation);
  await store.makeCurrent(secretId, token, currentVersion);
  await store.removePending(secretId, token);
  const current = known.pending && { id: token, version: known.pending };
  await retire({ ...rotation, currentVersion: token, previousVersion: currentVersion, known: { ...known, current } });
}

/** What is left to do when AWSCURRENT has moved already, for a rotation whose version is now the current one. */
export async function completeRotation(rotation: Rotation, stillPending: boolean): Promise<void> {
  if (stillPending) await rotation.store.removePending(rotation.secretId, rotation.token);
  await retire(rotation);
}

/** By its function's settings, the login that was replaced does not work until the next rotation, but only for a while. */
async function retire(rotation: Rotation): Promise<void> {
  const { settings, previousVersion } = rotation;
  if (settings.retireAfterSeconds === undefined || previousVersion === undefined) return;
  const { credential } = await readCurrent(rotation);
  await strategyOf(credential).retire?.(rotation, previousVersion, credential);
}
