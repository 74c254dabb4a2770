import { StagingLabel } from '../../src/contract';
import { isRevoked, revokedLabel, versionAt } from '../credential/version-stages';
import type { SecretDescription, SecretStore } from '../ports/secret-store';
import { log } from '../runtime/log';

/**
 * Marks every version that a consumer or a rotation may use as revoked, and removes AWSPENDING. From then on, no step
 * of a rotation starts; a step that is already running stops when it reads the roles' comments.
 */
export async function markVersions(store: SecretStore, description: SecretDescription): Promise<void> {
  const { arn } = description;
  const current = versionAt(StagingLabel.CURRENT, description);
  const pending = versionAt(StagingLabel.PENDING, description);
  const versions = new Set([pending, current, versionAt(StagingLabel.PREVIOUS, description)]);
  for (const version of versions) {
    if (version === undefined || isRevoked(version, description)) continue;
    await store.label(arn, version, revokedLabel(version)).catch(error => {
      if (version !== pending || version === current) throw error;
      // the pending version may have no value yet
      log.warn('the pending version could not be marked', { versionId: version, error: (error as Error).message });
    });
  }
  if (pending !== undefined) await takeOff(store, arn, pending);
}

/** Removes AWSPENDING. A rotation that finishes at the same time may have removed it already. */
async function takeOff(store: SecretStore, arn: string, pending: string): Promise<void> {
  try {
    await store.removePending(arn, pending);
  } catch (error) {
    if (versionAt(StagingLabel.PENDING, await store.describe(arn)) === pending) throw error;
  }
}
