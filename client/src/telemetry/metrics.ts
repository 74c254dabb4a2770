import type * as pg from 'pg';
import { type PoolStats, stats } from './stats';

interface ObservableResult {
  observe(value: number, attributes?: Record<string, string>): void;
}

interface Observable {
  addCallback(callback: (result: ObservableResult) => void): void;
  removeCallback(callback: (result: ObservableResult) => void): void;
}

/**
 * The part of @opentelemetry/api's `Meter` that is used; `metrics.getMeter('…')` is compatible. This package does not
 * depend on @opentelemetry/api.
 */
export interface Meter {
  createObservableCounter(name: string, options?: { description?: string; unit?: string }): Observable;
  createObservableGauge(name: string, options?: { description?: string; unit?: string }): Observable;
}

const PREFIX = 'rotating_postgres.';

type Figure = [name: string, unit: string, description: string, read: (figures: PoolStats) => number | undefined];

const COUNTERS: readonly Figure[] = [
  ['refreshes', '{read}', 'Reads of AWSCURRENT', figures => figures.refreshes],
  ['refreshes.failed', '{read}', 'Reads of AWSCURRENT that failed', figures => figures.failedRefreshes],
  ['searches', '{search}', 'Searches for a version that PostgreSQL accepts', figures => figures.searches],
  ['logins', '{login}', 'Logins that PostgreSQL accepted', figures => figures.logins],
  ['logins.refused', '{login}', 'Logins that PostgreSQL refused', figures => figures.refusedLogins],
  ['replacements', '{connection}', 'Connections that were replaced ahead of need', figures => figures.replacements],
];
const GAUGES: readonly Figure[] = [
  ['credential.age', 's', 'Time since the secret was read', figures => figures.credentialAgeSeconds],
  [
    'breaker.open',
    '1',
    '1 while every version of the secret is refused',
    figures => Number(figures.breaker === 'open'),
  ],
];

/**
 * Observes a pool with an OpenTelemetry meter, with metric names that begin with `rotating_postgres.`. Returns a
 * function that stops it.
 */
export function observe(pool: pg.Pool, meter: Meter, attributes: Record<string, string> = {}): () => void {
  const instruments = [
    ...COUNTERS.map(figure => ({ figure, instrument: meter.createObservableCounter(...named(figure)) })),
    ...GAUGES.map(figure => ({ figure, instrument: meter.createObservableGauge(...named(figure)) })),
  ];
  const ends = instruments.map(({ figure: [, , , read], instrument }) => {
    const callback = (result: ObservableResult) => {
      const figures = stats(pool);
      const value = figures && read(figures);
      if (value !== undefined) result.observe(value, attributes);
    };
    instrument.addCallback(callback);
    return () => instrument.removeCallback(callback);
  });
  return () => {
    for (const end of ends) end();
  };
}

function named([name, unit, description]: Figure): [string, { description: string; unit: string }] {
  return [PREFIX + name, { description, unit }];
}
