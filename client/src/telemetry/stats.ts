import type * as pg from 'pg';

/** The statistics of a pool since it was created, and its state. They contain no secret. */
export interface PoolStats {
  /** Reads of AWSCURRENT by all pools of the secret, and failed ones. */
  readonly refreshes: number;
  readonly failedRefreshes: number;
  /** Searches for a version that PostgreSQL accepts, after it refused one. */
  readonly searches: number;
  /** Logins that PostgreSQL accepted, and that it refused. */
  readonly logins: number;
  readonly refusedLogins: number;
  /** Connections that were replaced before a caller needed them. */
  readonly replacements: number;
  /** `open` while every version is refused and callers receive the error at once. */
  readonly breaker: 'closed' | 'open';
  /**
   * Version of the secret that the next login uses. The two fields below are its user, and the seconds since the secret
   * was read.
   */
  readonly secretVersion?: string;
  readonly user?: string;
  readonly credentialAgeSeconds?: number;
}

const sources = new WeakMap<pg.Pool, () => PoolStats>();

/** Registers the source of a pool's statistics. */
export function provideStats(pool: pg.Pool, source: () => PoolStats): void {
  sources.set(pool, source);
}

/** The statistics of a pool of `rotatingPool`; `undefined` for any other pool, and for one with a connection string. */
export function stats(pool: pg.Pool): PoolStats | undefined {
  return sources.get(pool)?.();
}
