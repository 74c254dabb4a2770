import type * as pg from 'pg';
import type { Login } from '../login/login';
import { versionOf } from '../login/rotating-client';

/** The connections of a pool. A connection is outdated by its version of the secret or by its age. */
export class Members {
  readonly #login: Login;
  readonly #lifetimeMillis: number;
  /** Called when a connection has reached its lifetime. */
  readonly #onExpired: () => void;
  /** Whether each connection has reached its lifetime. */
  readonly #members = new Map<pg.ClientBase, { expired: boolean }>();

  /** @param lifetimeMillis 0 for no limit */
  constructor(login: Login, lifetimeMillis: number, onExpired: () => void) {
    this.#login = login;
    this.#lifetimeMillis = lifetimeMillis;
    this.#onExpired = onExpired;
  }

  add(client: pg.ClientBase): void {
    const member = { expired: false };
    this.#members.set(client, member);
    if (this.#lifetimeMillis === 0) return;
    const timer = setTimeout(() => {
      member.expired = true;
      this.#onExpired();
    }, this.#lifetimeMillis).unref();
    client.once('end', () => clearTimeout(timer));
  }

  delete(client: pg.ClientBase): void {
    this.#members.delete(client);
  }

  isOutdated(client: pg.ClientBase): boolean {
    return this.#members.get(client)?.expired || !this.#login.isNewest(versionOf(client));
  }

  /** The number of outdated connections, idle or in use. */
  outdated(): number {
    return [...this.#members.keys()].filter(client => this.isOutdated(client)).length;
  }
}
