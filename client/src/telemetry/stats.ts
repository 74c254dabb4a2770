import type * as pg from 'pg';

/** What a pool has done since it was made, and how it is. Nothing in it is secret. */
export interface PoolStats {
  /** Reads of AWSCURRENT, by all pools of the secret, and how many of them failed. */
  readonly refreshes: number;
  readonly failedRefreshes: number;
  /** Searches for a version that PostgreSQL accepts, after it refused one. */
  readonly searches: number;
  /** Logins that PostgreSQL accepted, and that it refused. */
  readonly logins: number;
  readonly refusedLogins: number;
  /** Connections that were replaced ahead of need. */
  readonly replacements: number;
  /** Open while every version is refused and callers hear of it at once. */
  readonly breaker: 'closed' | 'open';
  /** The version of the secret that the next login uses, its user, and how long ago the secret was read. */
  readonly secretVersion?: string;
  readonly user?: string;
  readonly credentialAgeSeconds?: number;
}

const sources = new WeakMap<pg.Pool, () => PoolStats>();

/** For a pool to say where its figures are. */
export function provideStats(pool: pg.Pool, source: () => PoolStats): void {
  sources.set(pool, source);
}

/** The figures of a pool that `rotatingPool` made; `undefined` for another, also for one of a connection string. */
export function stats(pool: pg.Pool): PoolStats | undefined {
  return sources.get(pool)?.();
}
