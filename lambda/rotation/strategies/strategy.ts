import { alternatingUsers } from './alternating-users';
import { singleUser } from './single-user';
import type { Credential } from '../../../client/src/shared/secret-value';
import type { Strategy } from '../state/rotation';

/** As AWS's own functions have it: a secret that names an admin secret alternates. */
export function strategyOf(secret: Credential): Strategy {
  return secret.masterarn === undefined ? singleUser : alternatingUsers;
}
