import { RemovalPolicy } from 'aws-cdk-lib';
import { Privileges } from './privileges';

/** Privileges of a user in an additional database of the same server. */
export interface FurtherDatabase {
  /** Name of the database. */
  readonly databaseName: string;
  /** Privileges of the user in that database. */
  readonly privileges: Privileges;
}

/** Options that users with and without a password have in common. */
export interface DatabaseUserOptions {
  /**
   * Additional databases of the same server that the user may use.
   * @default - none
   */
  readonly furtherDatabases?: FurtherDatabase[];
  /**
   * What happens to the user, and to its secret if it has one, when they are removed from the stack. `DESTROY` drops
   * the user: its objects pass to the role `<user>_kept`, which cannot log in, and databases that it owns pass to the
   * admin. If the admin cannot log in at that time, the user stays in the database and the function logs a warning. Any
   * other policy leaves the user in the database, where it can still log in.
   * @default - the policy of the `RotatingPostgres` that the user is added to, otherwise RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
