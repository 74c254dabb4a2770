import type { Rotation } from './rotation';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { ErrorCode, StagingLabel } from '../../../src/contract';
import { isRevoked, rotates, versionAt } from '../../credential/version-stages';
import type { SecretDescription } from '../../ports/secret-store';

/**
 * Checks that the event belongs to a rotation that is due, and returns the id of the current version.
 *
 * @throws with code `NotPending` or `StuckPending` where it does not
 */
export function checkDue(
  { secretId, token }: Pick<Rotation, 'secretId' | 'token'>,
  description: SecretDescription,
  functionArn: string,
): string {
  const { stages, rotationEnabled, rotationFunctionArn } = description;
  const refuse = (why: string) => new RotatingPostgresError(ErrorCode.NOT_PENDING, `${secretId}: ${why}`);
  if (!rotationEnabled) throw refuse('rotation is not enabled');
  if (!rotates(description, functionArn)) {
    throw refuse(`its rotation function is ${rotationFunctionArn ?? 'none'}, not ${functionArn}`);
  }
  if (isRevoked(token, description)) throw refuse(`version ${token} was revoked`);
  if (!stages[token]?.includes(StagingLabel.PENDING)) {
    const pending = Object.keys(stages).find(
      version => stages[version].includes(StagingLabel.PENDING) && !stages[version].includes(StagingLabel.CURRENT),
    );
    if (pending === undefined) throw refuse(`version ${token} is not AWSPENDING`);
    throw new RotatingPostgresError(
      ErrorCode.STUCK_PENDING,
      `${secretId}: version ${token} is not AWSPENDING, but ${pending} still is`,
    );
  }
  const current = versionAt(StagingLabel.CURRENT, description);
  if (current === undefined) throw refuse('no version is AWSCURRENT');
  return current;
}
