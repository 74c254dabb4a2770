import type { LoginAdmin } from '../../ports/sessions';
import { log } from '../../runtime/log';
import type { Settings } from '../../runtime/settings';

/**
 * Ends the sessions of a login, if `terminateSessions` is on. A failure is only logged: it is no reason to keep an old
 * password.
 */
export async function endSessionsIfTold(
  admin: Pick<LoginAdmin, 'endSessions'>,
  username: string,
  { terminateSessions }: Settings,
): Promise<void> {
  if (!terminateSessions) return;
  try {
    const ended = await admin.endSessions(username);
    if (ended > 0) log.info('the sessions of the login are ended', { login: username, sessions: ended });
  } catch (error) {
    log.warn('the sessions of the login could not be ended', { login: username, error: (error as Error).message });
  }
}
