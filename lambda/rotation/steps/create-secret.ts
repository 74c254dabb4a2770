import { StagingLabel } from '../../../src/contract';
import { parseVersion } from '../../credential/parse-version';
import { generatePassword } from '../../credential/password';
import type { Rotation } from '../state/rotation';
import { readCurrent } from '../state/secret-versions';
import { strategyOf } from '../strategies/strategy';

/**
 * Writes the value of the pending version. Secrets Manager keeps the first value of a version. So a second delivery, or
 * a second process, cannot change a password that `setSecret` may already be setting in the database.
 */
export async function createSecret(rotation: Rotation): Promise<void> {
  const { store, secretId, token, rotationToken, cached, settings } = rotation;
  const { credential, fields } = await readCurrent(rotation);
  const next = {
    ...fields,
    username: strategyOf(credential).nextUsername(credential),
    password: generatePassword(settings.passwords),
  };
  const value = JSON.stringify(next);
  const outcome = await store.write({ secretId, token, stage: StagingLabel.PENDING, value, rotationToken });
  if (outcome === 'written') cached.pending = parseVersion(value, secretId, StagingLabel.PENDING);
}
