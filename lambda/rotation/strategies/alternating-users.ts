import { adoptAlternate } from './adopt-alternate';
import { endSessionsIfTold } from './end-old-sessions';
import { pendingVersion } from './pending-version';
import { retireReplaced } from './retire';
import { logInAsAdmin } from '../../admin/admin-login';
import { pairOf } from '../../credential/login-pair';
import type { Strategy } from '../state/rotation';

/** The admin sets the password of the login that is not current, so that the current credential keeps working. */
export const alternatingUsers: Strategy = {
  nextUsername({ username }) {
    const { owner, alternate } = pairOf(username);
    return username === owner ? alternate : owner;
  },

  async activate(rotation, current, pending) {
    const pair = pairOf(current.username);
    const session = await logInAsAdmin(rotation, pending, pending.masterarn!, current);
    try {
      const { adopt } = await session.setAlternatingPassword(
        pair,
        pendingVersion(rotation),
        pending.username,
        pending.password,
      );
      if (adopt) await adoptAlternate(rotation, session, pair, { current, pending });
      await endSessionsIfTold(session, pending.username, rotation.settings);
    } finally {
      await session.close();
    }
  },

  retire: retireReplaced,
};
