import { generatePassword } from '../../credential/password';
import type { Rotation } from '../rotation';
import { parseVersion, readCurrent } from '../secret-versions';
import { strategyOf } from '../strategies/strategy';

/**
 * Gives the pending version its value. Secrets Manager keeps the first value that a version gets, so that a second
 * delivery, or a second process, cannot change a password that is already on its way to the database.
 */
export async function createSecret(rotation: Rotation): Promise<void> {
  const { store, secretId, token, rotationToken, known, settings } = rotation;
  const { credential, fields } = await readCurrent(rotation);
  const next = {
    ...fields,
    username: strategyOf(credential).nextUsername(credential),
    password: generatePassword(settings.passwords),
  };
  const value = JSON.stringify(next);
  const outcome = await store.write({ secretId, token, stage: 'AWSPENDING', value, rotationToken });
  if (outcome === 'written') known.pending = parseVersion(value, secretId, 'AWSPENDING');
}
