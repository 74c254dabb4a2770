import type { Ours } from './build';
import type { Measured, Samples } from './measure';
import type { Sample } from './trial';

/** One thing that was measured, and what it must be. */
export interface Row {
  readonly measure: string;
  readonly unit: '' | 'ms' | 'MB';
  readonly ours: readonly number[];
  readonly peer?: readonly number[];
  /** The most that is allowed: of ours, or of ours as a part of the peer's. */
  readonly target?: number;
  readonly relative?: boolean;
}

/** The targets of the rotation function. */
const TARGETS = {
  single: { calls: 10, connections: 2, statements: 3, windowCalls: 3, windowLogins: 1 },
  alternating: { calls: 11, connections: 3, statements: 5, windowCalls: undefined, windowLogins: undefined },
} as const;
const WARM_RATIO = 0.45;
const COLD_RATIO = 0.7;
const PEAK_MB = 110; // fits the floor of Lambda, 128 MB
const ZIPPED_MB = 0.25;

/** The table of a strategy. */
export function rowsOf(
  { strategy, ours, withSdk, retiring, peer }: Measured,
  built: { shipped: Ours; withSdk: Ours },
): Row[] {
  const target = TARGETS[strategy];
  const row = (
    measure: string,
    unit: Row['unit'],
    read: (samples: Samples) => number[],
    rest: Pick<Row, 'target' | 'relative'> = {},
  ): Row => ({ measure, unit, ours: read(ours), peer: peer && read(peer), ...rest });
  const count = (measure: string, name: keyof Sample, most?: number) =>
    row(measure, '', ({ warm }) => warm.map(sample => sample[name]), { target: most });
  const time = (measure: string, kind: keyof Samples, name: keyof Sample, most: number) =>
    row(measure, 'ms', samples => samples[kind].map(sample => sample[name]), { target: most, relative: true });
  const window = [
    count('calls in the switch window', 'windowCalls', target.windowCalls),
    count('logins in the switch window', 'windowLogins', target.windowLogins),
  ];
  const retirement = (measure: string, unit: Row['unit'], name: keyof Sample): Row[] =>
    retiring ? [{ measure: `with retirement: ${measure}`, unit, ours: retiring.warm.map(sample => sample[name]) }] : [];
  return [
    count('Secrets Manager calls', 'calls', target.calls),
    count('PostgreSQL connections', 'connections', target.connections),
    count('failed logins', 'failedLogins', 0),
    count('SQL statements', 'statements', target.statements),
    count('messages with SQL', 'messages'),
    ...(strategy === 'single' ? window : []),
    time('warm, wall', 'warm', 'wallMs', WARM_RATIO),
    time('warm, CPU', 'warm', 'cpuMs', WARM_RATIO),
    time('cold, wall', 'cold', 'wallMs', COLD_RATIO),
    { ...time('cold, CPU', 'cold', 'cpuMs', COLD_RATIO), target: undefined },
    {
      measure: 'cold, wall, with the SDK bundled',
      unit: 'ms',
      ours: withSdk.cold.map(({ wallMs }) => wallMs),
      peer: peer?.cold.map(({ wallMs }) => wallMs),
      relative: true,
    },
    ...retirement('Secrets Manager calls', '', 'calls'),
    ...retirement('PostgreSQL connections', '', 'connections'),
    ...retirement('SQL statements', '', 'statements'),
    ...retirement('warm, wall', 'ms', 'wallMs'),
    row(
      'peak resident memory',
      'MB',
      ({ warm, cold }) => [Math.max(...[...warm, ...cold].map(({ peakMb }) => peakMb))],
      { target: PEAK_MB },
    ),
    { measure: 'bundle, zipped', unit: 'MB', ours: [built.shipped.zippedMb], target: ZIPPED_MB },
    { measure: 'bundle, zipped, with the SDK', unit: 'MB', ours: [built.withSdk.zippedMb] },
  ];
}
