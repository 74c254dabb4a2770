import { adoptAlternate } from './adopt-alternate';
import { endSessionsIfTold } from './end-old-sessions';
import { pendingVersion } from './pending-version';
import { retireReplaced } from './retire';
import { logInAsAdmin } from '../../admin/admin-login';
import { pairOf } from '../../credential/login-pair';
import type { Strategy } from '../rotation';

/** The admin readies the login that is not in use, so that the current credential never stops working. */
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
