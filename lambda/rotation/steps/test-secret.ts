import { checkPending } from './check-pending';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import type { Credential } from '../../../client/src/shared/secret-value';
import { ErrorCode } from '../../../src/contract';
import type { Session } from '../../ports/database';
import { isRefusedLogin } from '../../ports/error-predicates';
import type { Rotation } from '../rotation';
import { readCurrent, readPending } from '../secret-versions';

/**
 * A read replica, where the secret names one, refuses the login until it has replayed what setSecret did at the writer.
 */
const REPLAY_MS = [250, 500, 1_000, 2_000, 4_000];

/**
 * Logs in as a consumer will, and looks at who it is then: with its membership lost, an alternate still logs in, only
 * with a warning, and what it creates belongs to the wrong role.
 */
export async function testSecret(rotation: Rotation): Promise<void> {
  const { credential: pending } = await readPending(rotation);
  const { credential: current } = await readCurrent(rotation);
  checkPending(rotation, current, pending);
  await checkLogin(rotation, pending);
  rotation.known.tested = true;
}

/**
 * Logs in with a credential in its consumer's way.
 *
 * @throws with code `Role` when the session is not who it must be
 */
export async function checkLogin(ports: Pick<Rotation, 'database' | 'deadline'>, pending: Credential): Promise<void> {
  const session = await logIn(ports, pending);
  try {
    const { sessionUser, currentUser, startsAs } = await session.identity();
    if (sessionUser !== pending.username || currentUser !== startsAs) {
      throw new RotatingPostgresError(
        ErrorCode.ROLE,
        `the login "${pending.username}" is "${sessionUser}" acting as "${currentUser}"; it must act as ` +
          `"${startsAs}", of which it may have lost its membership`,
      );
    }
  } finally {
    await session.close();
  }
}

async function logIn(
  { database, deadline }: Pick<Rotation, 'database' | 'deadline'>,
  pending: Credential,
): Promise<Session> {
  for (const wait of REPLAY_MS) {
    try {
      return await database.open(pending, 'consume');
    } catch (error) {
      if (!isRefusedLogin(error) || !(await deadline.wait(wait))) throw error;
    }
  }
  return database.open(pending, 'consume');
}
