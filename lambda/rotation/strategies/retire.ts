import { endSessionsIfTold } from './end-old-sessions';
import { logInAsAdmin } from '../../admin/admin-login';
import { pairOf } from '../../credential/login-pair';
import type { Strategy } from '../state/rotation';

/** Sets `VALID UNTIL`, as the admin, on the login that the current one replaced. The next rotation removes it. */
export const retireReplaced: NonNullable<Strategy['retire']> = async (rotation, replaced, current) => {
  const { owner, alternate } = pairOf(current.username);
  const other = current.username === owner ? alternate : owner;
  const { retireAfterSeconds = 0 } = rotation.settings;
  const session = await logInAsAdmin(rotation, current, current.masterarn!, current);
  try {
    const retired = await session.retireLogin({ arn: rotation.secretId, version: replaced }, other, retireAfterSeconds);
    if (retired && retireAfterSeconds === 0) await endSessionsIfTold(session, other, rotation.settings);
  } finally {
    await session.close();
  }
};
