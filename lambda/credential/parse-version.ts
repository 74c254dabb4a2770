import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type Credential, parseSecretValue } from '../../client/src/shared/secret-value';
import { ErrorCode } from '../../src/contract';

/** The parsed value of a secret version. */
export interface Version {
  readonly credential: Credential;
  /** The stored JSON object, including fields that this library does not use. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** @throws with code `InvalidSecret` when there is no text value, or it is not the secret of a login */
export function parseVersion(value: string | undefined, secretId: string, label: string): Version {
  if (value === undefined) {
    throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretId} has no text as its ${label} value`);
  }
  return { credential: parseSecretValue(value, `${secretId} ${label}`), fields: JSON.parse(value) };
}
