import type { Rotation } from './rotate';

/**
 * Makes the pending version the current one: from here on consumers read it. AWSPENDING then has said all it had to; left
 * where it is, it would block the next rotation as soon as another version became current.
 */
export async function finishSecret({ store, secretId, token, currentVersion }: Rotation): Promise<void> {
  await store.makeCurrent(secretId, token, currentVersion);
  await store.removePending(secretId, token);
}
