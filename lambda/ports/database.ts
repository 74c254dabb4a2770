import type { Credential } from '../../client/src/secret-value';

/** Who a session is. */
export interface Identity {
  /** Who logged in. */
  readonly sessionUser: string;
  /** Whose privileges the session has, and who owns what it creates. */
  readonly currentUser: string;
  /** The role that the login's own settings start its sessions as; the login itself where they name none. */
  readonly startsAs: string;
}

/** The two logins of alternating users. */
export interface Pair {
  /** The first login, to which belongs whatever either creates. */
  readonly owner: string;
  /** The second login, a member of the first. */
  readonly alternate: string;
}

/** A session whose settings no database or role default can change. */
export interface Session {
  identity(): Promise<Identity>;
  /** Changes the password of the session's own login. */
  changeOwnPassword(username: string, password: string): Promise<void>;
  /**
   * As the admin: makes one login of the pair ready to log in with the password, and sets right what else ties the two together.
   *
   * @throws with code `Role` when the pair is not this secret's
   */
  armLogin(pair: Pair, secretArn: string, username: string, password: string): Promise<void>;
  close(): Promise<void>;
}

/** Why a session is opened. */
export type Purpose =
  /** To change roles: in the maintenance database, as the login itself whatever role its sessions start as. */
  | 'administer'
  /**
   * To change its password: as the login itself, in the secret's database, so that a database that it cannot use is found out
   * before anything is changed. An admin does it in the maintenance database.
   */
  | 'change-own-password'
  /** To log in as the consumer will: in the secret's database, with the login's own settings for `role`. */
  | 'consume';

/** The database server: PostgreSQL, or a double in tests of the steps. */
export interface Database {
  /** @throws with code `Authentication` when the server refuses the login */
  open(credential: Credential, purpose: Purpose): Promise<Session>;
}
