import { IConstruct } from 'constructs';
import { WireOptions } from './wire-options';
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
