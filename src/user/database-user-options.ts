import { RemovalPolicy } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { Privileges } from './privileges';
import { WireOptions } from '../access/wiring';
import { IPostgresDatabase } from '../database/postgres-database';

/** A user of a PostgreSQL database that this app creates there, with a password or without. */
export interface IDatabaseUser extends IConstruct {
  /** Name of the user in PostgreSQL; of alternating logins the first, which owns what either creates. */
  readonly username: string;
  /** The database that the user connects to. */
  readonly database: IPostgresDatabase;
  /**
   * The environment variables by which a program finds the database, for a consumer that `wire` cannot give them to.
   */
  readonly environment: { [name: string]: string };
  /** Gives a consumer all that it needs to log in as this user. */
  wire(consumer: IConstruct, options?: WireOptions): void;
}

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
