import { IConstruct } from 'constructs';
import { connectionEnvironment, ConnectionOptions } from './connection-options';
import { Env } from '../contract';
import { PasswordOptions, passwordEnvironment } from './password-options';
import { IPostgresDatabase } from '../database/postgres-database';
import { serversOf } from '../private/binding';

/** What the functions that change passwords have in common. */
export interface PasswordChangeOptions extends ConnectionOptions {
  /**
   * What new passwords consist of.
   * @default - 32 letters, digits and characters of `-_.`, of each kind at least one
   */
  readonly passwords?: PasswordOptions;
  /**
   * Where else the function may work than on its database, as `host:port`: a replica, a proxy, another name of the database. A
   * secret that names any other server is refused.
   * @default - the database only
   */
  readonly furtherServers?: string[];
}

/** The options as the functions read them. */
export function passwordChangeEnvironment(
  scope: IConstruct, database: IPostgresDatabase, options: PasswordChangeOptions,
): Record<string, string | undefined> {
  return {
    [Env.SERVERS]: serversOf(scope, database, options.furtherServers),
    ...connectionEnvironment(options),
    ...passwordEnvironment(scope, options.passwords),
  };
}
