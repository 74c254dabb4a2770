import { RotatingPostgresError } from '../../client/src/shared/errors';
import type { Credential } from '../../client/src/shared/secret-value';
import { ErrorCode } from '../../src/contract';
import type { LoginDatabase } from '../ports/database';
import type { Deadline } from '../ports/deadline';
import { isRefusedLogin } from '../ports/error-predicates';
import type { ConsumerSession } from '../ports/sessions';

/**
 * Waits between attempts to log in. If the secret's host is a read replica, it refuses the login until it has replayed
 * the change that `setSecret` made at the writer.
 */
const REPLAY_MS = [250, 500, 1_000, 2_000, 4_000];

interface LoginPorts {
  readonly database: Pick<LoginDatabase, 'openAsConsumer'>;
  readonly deadline: Deadline;
}

/**
 * Logs in with a credential as its consumer does.
 *
 * @throws with code `Role` when `session_user` is not the secret's user, or `current_user` is not the role that its
 *   sessions start as
 */
export async function checkLogin(ports: LoginPorts, pending: Credential): Promise<void> {
  const session = await logIn(ports, pending);
  try {
    const { sessionUser, currentUser, startsAs } = await session.identity();
    if (sessionUser !== pending.username || currentUser !== startsAs) {
      throw new RotatingPostgresError(
        ErrorCode.ROLE,
        `the login "${pending.username}" is "${sessionUser}" acting as "${currentUser}", and must act as ` +
          `"${startsAs}". Its membership in that role may be missing`,
      );
    }
  } finally {
    await session.close();
  }
}

async function logIn({ database, deadline }: LoginPorts, pending: Credential): Promise<ConsumerSession> {
  for (const wait of REPLAY_MS) {
    try {
      return await database.openAsConsumer(pending);
    } catch (error) {
      if (!isRefusedLogin(error) || !(await deadline.wait(wait))) throw error;
    }
  }
  return database.openAsConsumer(pending);
}
