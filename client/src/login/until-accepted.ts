import type { Login } from './login';
import { isAuthenticationFailure } from '../shared/errors';

/** Thrown when another login is already trying this version. No socket was opened. */
export class NotAdmitted extends Error {}

/** Whether a connection failed because of its credential, before any query was sent. */
export function mayBeTriedAgain(error: unknown): boolean {
  return error instanceof NotAdmitted || isAuthenticationFailure(error);
}

/**
 * Connects, and retries with the version that `login` chooses, until PostgreSQL accepts the credential.
 *
 * @param until deadline in milliseconds of `performance.now()`
 */
export async function untilAccepted<T>(login: Login, until: number, connect: () => Promise<T>): Promise<T> {
  for (;;) {
    await login.admission(until);
    try {
      return await connect();
    } catch (error) {
      if (!mayBeTriedAgain(error)) throw error;
    }
  }
}
