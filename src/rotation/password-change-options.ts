import { IConstruct } from 'constructs';
import { PasswordOptions, passwordEnvironment } from './password-options';
import { connectionEnvironment, ConnectionOptions } from '../function/connection-options';

/** Options that all functions which change passwords have in common. */
export interface PasswordChangeOptions extends ConnectionOptions {
  /**
   * Rules for new passwords.
   * @default - 32 letters, digits and characters of `-_.`, with at least one of each kind
   */
  readonly passwords?: PasswordOptions;
  /**
   * Additional servers that the function may connect to, as `host:port`, for example a replica, a proxy, or another
   * name of the database. A secret that names any other server is refused.
   * @default - only the server of the database
   */
  readonly furtherServers?: string[];
}

/**
 * The options as environment variables of the functions, without the servers, which include the functions' databases.
 */
export function passwordChangeEnvironment(
  scope: IConstruct,
  options: PasswordChangeOptions,
): Record<string, string | undefined> {
  return {
    ...connectionEnvironment(options),
    ...passwordEnvironment(scope, options.passwords),
  };
}
