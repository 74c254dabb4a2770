import type { Rotation } from './rotation';
import type { Version } from './rotation-cache';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { parseSecretValue } from '../../client/src/shared/secret-value';
import { ErrorCode } from '../../src/contract';
import { checkBinding } from '../credential/binding';

/** A read may lag the write of the step before it; these waits outlast that. */
const LAG_MS = [100, 200, 400, 800, 1_600];

/**
 * The current value: what consumers log in with, and what a pending one is held to.
 *
 * @throws with code `Binding` when it is not what the secret is bound to
 */
export async function readCurrent({
  store,
  secretId,
  currentVersion,
  known,
  binding,
  early,
}: Rotation): Promise<Version> {
  if (known.current?.id !== currentVersion) {
    const found = await early;
    const value =
      found?.versionId === currentVersion
        ? found.value
        : await store.read(secretId, { stage: 'AWSCURRENT', versionId: currentVersion });
    known.current = { id: currentVersion, version: parseVersion(value, secretId, 'AWSCURRENT') };
  }
  checkBinding(binding, known.current.version.credential, `${secretId} AWSCURRENT`);
  return known.current.version;
}

/**
 * The value that this rotation made, once it can be read. Asked for by id and label, so that it is never another
 * rotation's.
 *
 * @throws with code `Binding` when it is not what the secret is bound to
 */
export async function readPending(rotation: Rotation): Promise<Version> {
  const { secretId, known, binding } = rotation;
  known.pending ??= parseVersion(await awaitPending(rotation), secretId, 'AWSPENDING');
  checkBinding(binding, known.pending.credential, `${secretId} AWSPENDING`);
  return known.pending;
}

async function awaitPending({ store, secretId, token, deadline }: Rotation): Promise<string | undefined> {
  const read = () => store.read(secretId, { stage: 'AWSPENDING', versionId: token });
  let value = await read();
  for (const wait of LAG_MS) {
    if (value !== undefined || !(await deadline.wait(wait))) break;
    value = await read();
  }
  return value;
}

export function parseVersion(value: string | undefined, secretId: string, stage: string): Version {
  if (value === undefined) {
    throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretId} has no text as its ${stage} value`);
  }
  return { credential: parseSecretValue(value, `${secretId} ${stage}`), fields: JSON.parse(value) };
}
