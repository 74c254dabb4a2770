import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';

/**
 * Reads the secret's ARN from the event `{ "SecretId": "<ARN>" }`.
 *
 * @throws with code `InvalidEvent`
 */
export function parseRevocation(event: unknown): string {
  const { SecretId: secretId } = (event ?? {}) as Record<string, unknown>;
  if (typeof secretId === 'string' && secretId !== '') return secretId;
  throw new RotatingPostgresError(ErrorCode.INVALID_EVENT, 'not a request to revoke a secret: SecretId is missing');
}
