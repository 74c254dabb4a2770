import { alternatingUsers } from './alternating-users';
import { singleUser } from './single-user';
import type { Credential } from '../../../client/src/shared/secret-value';
import type { Strategy } from '../state/rotation';

/** As with AWS's own functions, a secret that names an admin secret (`masterarn`) uses alternating users. */
export function strategyOf(secret: Credential): Strategy {
  return secret.masterarn === undefined ? singleUser : alternatingUsers;
}
