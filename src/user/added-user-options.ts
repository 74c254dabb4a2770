import { DatabaseUserOptions } from './database-user-options';
import { Privileges } from './privileges';
import { RotationStrategy } from '../access/rotation-strategy';
import { RotationScheduleOptions } from '../rotation/scheduled-rotation';

/** Options of `RotatingPostgres.addIamUser`. */
export interface AddIamUserOptions extends DatabaseUserOptions {
  /**
   * Privileges of the user. `Privileges.readOnly()` and `Privileges.readWrite()` without an owner apply to the objects
   * of the application's user, if that user owns the database; otherwise name an owner.
   * @default Privileges.connect()
   */
  readonly privileges?: Privileges;
}

/** Options of `RotatingPostgres.addUser`. */
export interface AddUserOptions extends AddIamUserOptions {
  /**
   * Rotation strategy of the user.
   * @default RotationStrategy.ALTERNATING_USERS
   */
  readonly strategy?: RotationStrategy;
  /**
   * Rotation schedule of the user.
   * @default - the schedule of the application's user
   */
  readonly schedule?: RotationScheduleOptions;
}
