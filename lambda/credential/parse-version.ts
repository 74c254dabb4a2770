import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type Credential, parseSecretValue } from '../../client/src/shared/secret-value';
import { ErrorCode } from '../../src/contract';

/** A version of the secret. */
export interface Version {
  readonly credential: Credential;
  /** The JSON as it is stored, with whatever else its owner keeps in it. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** @throws with code `InvalidSecret` when the value is no secret of a login */
export function parseVersion(value: string | undefined, secretId: string, label: string): Version {
  if (value === undefined) {
    throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretId} has no text as its ${label} value`);
  }
  return { credential: parseSecretValue(value, `${secretId} ${label}`), fields: JSON.parse(value) };
}
