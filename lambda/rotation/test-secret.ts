import { checkPending } from './check-pending';
import type { Rotation } from './rotation';
import { readCurrent, readPending } from './versions';
import { RotatingPostgresError } from '../../client/src/errors';
import { ErrorCode } from '../../src/contract';

/**
 * Logs in as a consumer will, and looks at who it is then: with its membership lost, an alternate still logs in, only
 * with a warning, and what it creates belongs to the wrong role.
 */
export async function testSecret(rotation: Rotation): Promise<void> {
  const { credential: pending } = await readPending(rotation);
  const { credential: current } = await readCurrent(rotation);
  checkPending(rotation, current, pending);
  const session = await rotation.database.open(pending, 'consume');
  try {
    const { sessionUser, currentUser, startsAs } = await session.identity();
    if (sessionUser !== pending.username || currentUser !== startsAs) {
      throw new RotatingPostgresError(ErrorCode.ROLE,
        `the login "${pending.username}" is "${sessionUser}" acting as "${currentUser}"; it must act as "${startsAs}", of which it may have lost its membership`);
    }
  } finally {
    await session.close();
  }
  rotation.known.tested = true;
}
