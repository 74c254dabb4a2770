import { alternatingUsers } from './alternating-users';
import type { Rotation } from './rotate';
import { singleUser } from './single-user';
import type { Credential } from '../../client/src/secret-value';

/** A rotation strategy: who logs in next, who may change its password. */
export interface Strategy {
  /** The user name of the next version. */
  nextUsername(current: Credential): string;
  /** Makes the pending credential log in. Doing it again changes nothing more. */
  activate(rotation: Rotation, current: Credential, pending: Credential): Promise<void>;
}

/** As AWS's own functions have it: a secret that names an admin secret alternates. */
export function strategyOf(secret: Credential): Strategy {
  return secret.masterarn === undefined ? singleUser : alternatingUsers;
}
