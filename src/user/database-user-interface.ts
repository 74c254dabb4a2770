import { IConstruct } from 'constructs';
import { WireOptions } from './wire-options';
import { IPostgresDatabase } from '../database/postgres-database';

/** A user that this app creates in a PostgreSQL database, with or without a password. */
export interface IDatabaseUser extends IConstruct {
  /**
   * Name of the user in PostgreSQL. With alternating users, this is the first login, which owns the objects that either
   * login creates.
   */
  readonly username: string;
  /** The database that the user connects to. */
  readonly database: IPostgresDatabase;
  /**
   * Environment variables that a program needs to connect. Use them for a consumer whose environment `wire` cannot set.
   */
  readonly environment: { [name: string]: string };
  /** Connects a consumer with this user: permissions, network rules, environment and dependency. */
  wire(consumer: IConstruct, options?: WireOptions): void;
}
