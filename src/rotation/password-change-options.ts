import { IConstruct } from 'constructs';
import { PasswordOptions, passwordEnvironment } from './password-options';
import { connectionEnvironment, ConnectionOptions } from '../function/connection-options';

/** What the functions that change passwords have in common. */
export interface PasswordChangeOptions extends ConnectionOptions {
  /**
   * What new passwords consist of.
   * @default - 32 letters, digits and characters of `-_.`, of each kind at least one
   */
  readonly passwords?: PasswordOptions;
  /**
   * Where else the function may work than on its database, as `host:port`: a replica, a proxy, another name of the
   * database. A secret that names any other server is refused.
   * @default - the database only
   */
  readonly furtherServers?: string[];
}

/** The options as the functions read them, but for the servers, which include their databases. */
export function passwordChangeEnvironment(
  scope: IConstruct,
  options: PasswordChangeOptions,
): Record<string, string | undefined> {
  return {
    ...connectionEnvironment(options),
    ...passwordEnvironment(scope, options.passwords),
  };
}
