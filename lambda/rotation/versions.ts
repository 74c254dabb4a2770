import type { Rotation } from './rotation';
import { RotatingPostgresError } from '../../client/src/errors';
import { type Credential, parseSecretValue } from '../../client/src/secret-value';
import { ErrorCode } from '../../src/contract';

/** A read may lag the write of the step before it; these waits outlast that. */
const LAG_MS = [100, 200, 400, 800, 1_600];

export interface Version {
  readonly credential: Credential;
  /** The JSON as it is stored, with whatever else its owner keeps in it. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The current value: what consumers log in with, and what a pending one is held to. */
export async function readCurrent({ store, secretId }: Rotation): Promise<Version> {
  return parse(await store.read(secretId, { stage: 'AWSCURRENT' }), secretId, 'AWSCURRENT');
}

/** The value that this rotation made, once it can be read. Asked for by id and label, so that it is never another rotation's. */
export async function readPending(rotation: Rotation): Promise<Version> {
  const { store, secretId, token, deadline } = rotation;
  const read = () => store.read(secretId, { stage: 'AWSPENDING', versionId: token });
  let value = await read();
  for (const wait of LAG_MS) {
    if (value !== undefined || !await deadline.wait(wait)) break;
    value = await read();
  }
  return parse(value, secretId, 'AWSPENDING');
}

function parse(value: string | undefined, secretId: string, stage: string): Version {
  if (value === undefined) throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretId} has no text as its ${stage} value`);
  return { credential: parseSecretValue(value, `${secretId} ${stage}`), fields: JSON.parse(value) };
}
