import type { ConsumerSession, LoginAdmin, LoginSession, UserAdmin } from './sessions';
import type { Credential } from '../../client/src/shared/secret-value';

/**
 * The port to the database server: PostgreSQL, or a double in tests of the steps. Each `open` method returns its own
 * session type, which offers only what the credential is for. Each throws with code `Authentication` when the server
 * refuses the login.
 */
export interface Database<Admin> {
  /**
   * Logs in to the maintenance database as the admin. The session runs as the admin itself, even if the admin has a
   * `SET role` default.
   */
  openAsAdmin(credential: Credential): Promise<Admin>;
  openAsLogin(credential: Credential): Promise<LoginSession>;
  openAsConsumer(credential: Credential): Promise<ConsumerSession>;
}

/** The port for rotation and revocation. */
export type LoginDatabase = Database<LoginAdmin>;

/** The port for the database-user custom resource. */
export interface UserDatabase extends Database<UserAdmin> {
  /** Whether the server accepts the credential. The session is closed at once. */
  logsIn(credential: Credential): Promise<boolean>;
}
