import type { Rotation } from './rotation';
import { StagingLabel } from '../../../src/contract';
import { checkBinding } from '../../credential/binding';
import { parseVersion, type Version } from '../../credential/parse-version';

/** A read may not see the write of the previous step at once. These waits outlast that delay. */
const LAG_MS = [100, 200, 400, 800, 1_600];

/**
 * The AWSCURRENT value. Consumers log in with it, and the pending value must match it.
 *
 * @throws with code `Binding` when it differs from the binding of the secret
 */
export async function readCurrent({
  store,
  secretId,
  currentVersion,
  cached,
  binding,
  prefetchedCurrent,
}: Rotation): Promise<Version> {
  if (cached.current?.id !== currentVersion) {
    const found = await prefetchedCurrent;
    const value =
      found?.versionId === currentVersion
        ? found.value
        : await store.read(secretId, { stage: StagingLabel.CURRENT, versionId: currentVersion });
    cached.current = { id: currentVersion, version: parseVersion(value, secretId, StagingLabel.CURRENT) };
  }
  checkBinding(binding, cached.current.version.credential, `${secretId} AWSCURRENT`);
  return cached.current.version;
}

/**
 * The pending value of this rotation, once it can be read. It is read by version id and label, so that it is never the
 * value of another rotation.
 *
 * @throws with code `Binding` when it differs from the binding of the secret
 */
export async function readPending(rotation: Rotation): Promise<Version> {
  const { secretId, cached, binding } = rotation;
  cached.pending ??= parseVersion(await awaitPending(rotation), secretId, StagingLabel.PENDING);
  checkBinding(binding, cached.pending.credential, `${secretId} AWSPENDING`);
  return cached.pending;
}

async function awaitPending({ store, secretId, token, deadline }: Rotation): Promise<string | undefined> {
  const read = () => store.read(secretId, { stage: StagingLabel.PENDING, versionId: token });
  let value = await read();
  for (const wait of LAG_MS) {
    if (value !== undefined || !(await deadline.wait(wait))) break;
    value = await read();
  }
  return value;
}
