import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode, StagingLabel } from '../../src/contract';
import { type Binding, checkBinding } from '../credential/binding';
import { parseVersion, type Version } from '../credential/parse-version';
import { versionAt } from '../credential/version-stages';
import type { SecretDescription, SecretStore } from '../ports/secret-store';
import { log } from '../runtime/log';

/**
 * Reads the secret's server and logins from AWSCURRENT. An intruder may have rewritten that value; if it is not valid,
 * AWSPREVIOUS is used, so that a bad value does not prevent a revocation.
 *
 * @throws the error of AWSCURRENT if AWSPREVIOUS is not valid either
 */
export async function readSoundValue(
  store: SecretStore,
  description: SecretDescription,
  binding: Binding,
): Promise<Version> {
  const { arn } = description;
  let wrong: unknown = new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${arn}: no version is AWSCURRENT`);
  for (const label of [StagingLabel.CURRENT, StagingLabel.PREVIOUS]) {
    const versionId = versionAt(label, description);
    if (versionId === undefined) continue;
    const value = await store.read(arn, { versionId });
    try {
      const version = parseVersion(value, arn, label);
      checkBinding(binding, version.credential, `${arn} ${label}`);
      return version;
    } catch (error) {
      if (label === StagingLabel.CURRENT) wrong = error;
      log.warn('a version of the secret cannot be used', { versionId, error: (error as Error).message });
    }
  }
  throw wrong;
}
