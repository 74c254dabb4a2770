/** How a service gets its password: with our client, or by one of the two habits of today. */
export type Habit = 'rotating' | 'read-once' | 'cached';

/** For how long the third service believes what it has read. */
export const CACHE_SECONDS = 3;

/** Length of the intervals that are counted. */
export const SAMPLE_MILLIS = 250;

/** The queries that were answered in one interval. */
export interface Sample {
  /** Epoch milliseconds of its beginning. */
  readonly at: number;
  good: number;
  failed: number;
}

/** What is known at the end. */
export interface Totals {
  readonly connections: number;
  /** Milliseconds from the query's being asked for to its result, waiting for a connection included. */
  readonly latency: { readonly median: number; readonly p99: number; readonly slowest: number };
  /** Failed queries by reason. */
  readonly failures: Record<string, number>;
}

export type Message = { readonly ready: true } | { readonly sample: Sample } | { readonly totals: Totals };

/**
 * A connection serves so many queries, then a new one takes its place: logins happen all the time, as when a service
 * scales.
 */
export const QUERIES_PER_CONNECTION = 25;
