import { checkPending } from './check-pending';
import { checkLogin } from '../../credential/check-login';
import type { Rotation } from '../state/rotation';
import { readCurrent, readPending } from '../state/secret-versions';

/**
 * Logs in as a consumer does, and checks `session_user` and `current_user`. An alternate that has lost its membership
 * still logs in, with only a warning, and the objects that it creates belong to the wrong role.
 */
export async function testSecret(rotation: Rotation): Promise<void> {
  const { credential: pending } = await readPending(rotation);
  const { credential: current } = await readCurrent(rotation);
  checkPending(rotation, current, pending);
  await checkLogin(rotation, pending);
  rotation.cached.tested = true;
}
