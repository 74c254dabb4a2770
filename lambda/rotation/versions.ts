import type { Version } from './known';
import type { Rotation } from './rotation';
import { RotatingPostgresError } from '../../client/src/errors';
import { parseSecretValue } from '../../client/src/secret-value';
import { ErrorCode } from '../../src/contract';

/** A read may lag the write of the step before it; these waits outlast that. */
const LAG_MS = [100, 200, 400, 800, 1_600];

/** The current value: what consumers log in with, and what a pending one is held to. */
export async function readCurrent({ store, secretId, currentVersion, known }: Rotation): Promise<Version> {
  if (known.current?.id !== currentVersion) {
    const value = await store.read(secretId, { stage: 'AWSCURRENT', versionId: currentVersion });
    known.current = { id: currentVersion, version: parseVersion(value, secretId, 'AWSCURRENT') };
  }
  return known.current.version;
}

/** The value that this rotation made, once it can be read. Asked for by id and label, so that it is never another rotation's. */
export async function readPending({ store, secretId, token, deadline, known }: Rotation): Promise<Version> {
  if (known.pending) return known.pending;
  const read = () => store.read(secretId, { stage: 'AWSPENDING', versionId: token });
  let value = await read();
  for (const wait of LAG_MS) {
    if (value !== undefined || !await deadline.wait(wait)) break;
    value = await read();
  }
  return known.pending = parseVersion(value, secretId, 'AWSPENDING');
}

export function parseVersion(value: string | undefined, secretId: string, stage: string): Version {
  if (value === undefined) throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretId} has no text as its ${stage} value`);
  return { credential: parseSecretValue(value, `${secretId} ${stage}`), fields: JSON.parse(value) };
}
