import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';
import type { Deadline } from '../ports/deadline';
import type { LoginAdmin } from '../ports/sessions';

/** A login that was in progress when NOLOGIN was set becomes visible as a session after a moment. */
const PAUSE_MS = 250;

/**
 * Ends the sessions of logins that have NOLOGIN, until two checks in a row find none. Returns how many were ended.
 *
 * @throws with code `Timeout` when sessions remain at the deadline
 */
export async function endAllSessions(
  admin: Pick<LoginAdmin, 'endSessions'>,
  logins: readonly string[],
  deadline: Deadline,
): Promise<number> {
  let [total, quiet] = [0, 0];
  for (;;) {
    let ended = 0;
    for (const login of logins) ended += await admin.endSessions(login);
    total += ended;
    quiet = ended === 0 ? quiet + 1 : 0;
    if (quiet === 2) return total;
    if (!(await deadline.wait(PAUSE_MS))) {
      throw new RotatingPostgresError(
        ErrorCode.TIMEOUT,
        `sessions of ${logins.map(login => `"${login}"`).join(' and ')} do not end; the logins have NOLOGIN, ` +
          'and AWSCURRENT has not moved: revoke again',
      );
    }
  }
}
