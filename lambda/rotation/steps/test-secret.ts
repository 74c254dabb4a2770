import { checkPending } from './check-pending';
import { checkLogin } from '../../credential/check-login';
import type { Rotation } from '../state/rotation';
import { readCurrent, readPending } from '../state/secret-versions';

/**
 * Logs in as a consumer will, and looks at who it is then: with its membership lost, an alternate still logs in, only
 * with a warning, and what it creates belongs to the wrong role.
 */
export async function testSecret(rotation: Rotation): Promise<void> {
  const { credential: pending } = await readPending(rotation);
  const { credential: current } = await readCurrent(rotation);
  checkPending(rotation, current, pending);
  await checkLogin(rotation, pending);
  rotation.cached.tested = true;
}
