import type * as pg from 'pg';
import type { Login } from '../login/login';
import { versionOf } from '../login/rotating-client';

/** The connections of a pool, and which of them are out of date: by their version of the secret, or their age. */
export class Members {
  readonly #login: Login;
  readonly #lifetimeMillis: number;
  /** Called when the time of one is over. */
  readonly #onExpired: () => void;
  /** Each with whether its time is over. */
  readonly #members = new Map<pg.ClientBase, { expired: boolean }>();

  /** @param lifetimeMillis 0 for no end */
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

  /** How many are out of date, idle or lent. */
  outdated(): number {
    return [...this.#members.keys()].filter(client => this.isOutdated(client)).length;
  }
}
