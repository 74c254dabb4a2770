import type { ConsumerSession, LoginAdmin, LoginSession, UserAdmin } from './sessions';
import type { Credential } from '../../client/src/shared/secret-value';

/**
 * The database server: PostgreSQL, or a double in tests of the steps. Each way to log in gives a session of its own
 * type, which can do only what that credential is for. All throw with code `Authentication` when the server refuses the
 * login.
 */
export interface Database<Admin> {
  /** In the maintenance database, as the admin itself whatever role its sessions start as. */
  openAsAdmin(credential: Credential): Promise<Admin>;
  openAsLogin(credential: Credential): Promise<LoginSession>;
  openAsConsumer(credential: Credential): Promise<ConsumerSession>;
}

/** For rotation and revocation. */
export type LoginDatabase = Database<LoginAdmin>;

/** For database users. */
export interface UserDatabase extends Database<UserAdmin> {
  /** Whether the server accepts the credential; nothing is done with the session. */
  logsIn(credential: Credential): Promise<boolean>;
}
