import { logInAsAdmin } from '../admin';
import { pairOf } from './pair';
import type { Strategy } from './rotation';

/** The admin readies the login that is not in use, so that the current credential never stops working. */
export const alternatingUsers: Strategy = {
  nextUsername({ username }) {
    const { owner, alternate } = pairOf(username);
    return username === owner ? alternate : owner;
  },

  async activate(rotation, current, pending) {
    const session = await logInAsAdmin(rotation, pending, pending.masterarn!);
    try {
      await session.armLogin(pairOf(current.username), rotation.secretId, pending.username, pending.password);
    } finally {
      await session.close();
    }
  },
};
