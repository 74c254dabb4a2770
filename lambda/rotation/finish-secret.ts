import type { Rotation } from './rotation';
import { testSecret } from './test-secret';

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
}
