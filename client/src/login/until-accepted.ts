import type { Login } from './login';
import { isAuthenticationFailure } from '../shared/errors';

/** Another caller is about to find out which version is accepted: no socket was opened. */
export class NotAdmitted extends Error {}

/** Whether a connection failed for want of a credential, and before anything was sent. */
export function mayBeTriedAgain(error: unknown): boolean {
  return error instanceof NotAdmitted || isAuthenticationFailure(error);
}

/**
 * Connects, again and again with what `login` knows by then, until PostgreSQL accepts the credential.
 *
 * @param until in milliseconds of `performance.now()`
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
