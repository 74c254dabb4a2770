import { DatabaseUserOptions } from './database-user-options';
import { Privileges } from './privileges';
import { RotationStrategy } from '../access/rotation-strategy';
import { RotationScheduleOptions } from '../rotation/scheduled-rotation';

/** What is chosen for a further user without a password. */
export interface AddIamUserOptions extends DatabaseUserOptions {
  /**
   * What the user may do. `Privileges.readOnly()` and `Privileges.readWrite()` without an owner mean what the
   * application's user owns.
   * @default Privileges.connect()
   */
  readonly privileges?: Privileges;
}

/** What is chosen for a further user with a password. */
export interface AddUserOptions extends AddIamUserOptions {
  /**
   * How the password changes.
   * @default RotationStrategy.ALTERNATING_USERS
   */
  readonly strategy?: RotationStrategy;
  /**
   * When the password changes.
   * @default - as that of the application's user
   */
  readonly schedule?: RotationScheduleOptions;
}
