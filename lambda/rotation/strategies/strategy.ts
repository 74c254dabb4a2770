import { alternatingUsers } from './alternating-users';
import type { Strategy } from '../rotation';
import { singleUser } from './single-user';
import type { Credential } from '../../../client/src/shared/secret-value';

/** As AWS's own functions have it: a secret that names an admin secret alternates. */
export function strategyOf(secret: Credential): Strategy {
  return secret.masterarn === undefined ? singleUser : alternatingUsers;
}
