import { RemovalPolicy } from 'aws-cdk-lib';
import { Privileges } from './privileges';

/** What a user may do in one more database of the same server. */
export interface FurtherDatabase {
  /** Name of the database. */
  readonly databaseName: string;
  /** What the user may do there. */
  readonly privileges: Privileges;
}

/** What users with and without a password have in common. */
export interface DatabaseUserOptions {
  /**
   * Databases of the same server that the user may use besides its own.
   * @default - none
   */
  readonly furtherDatabases?: FurtherDatabase[];
  /**
   * What happens to the user, and to its secret if it has one, when they leave the stack. `DESTROY` gives what the user
   * owns to the administrator and drops the user; anything else leaves it in the database, where it can still log in.
   * @default - that of the `RotatingPostgres` the user is added to, else RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
