import { checkPending } from './check-pending';
import type { Rotation } from '../state/rotation';
import { readCurrent, readPending } from '../state/secret-versions';
import { strategyOf } from '../strategies/strategy';

/** Makes the database accept the pending credential. */
export async function setSecret(rotation: Rotation): Promise<void> {
  const { credential: current } = await readCurrent(rotation);
  const { credential: pending } = await readPending(rotation);
  checkPending(rotation, current, pending);
  await strategyOf(current).activate(rotation, current, pending);
}
