import { ActResult, RATES } from './act';
import type { ConsumerResult } from './consumer';
import { STRATEGIES } from './words';

/** The rate that the demo promises for our client's service, in queries per second. */
const LEAST_RATE = 200;

/** What the demo comes to: its last line, and what is wrong with it. */
export interface Outcome {
  readonly rotations: number;
  readonly queries: number;
  readonly failed: number;
  /** Empty if all is well. */
  readonly faults: string[];
}

/** Our client's service in an act. */
export function ours(act: ActResult): ConsumerResult {
  return act.consumers.find(({ habit }) => habit === 'rotating')!;
}

/** Answered queries per second. */
export function rateOf({ good, failed, seconds }: ConsumerResult): number {
  return (good + failed) / seconds;
}

/** Judges the acts. Failed queries of the habits are what is to be seen, and no fault. */
export function judge(acts: readonly ActResult[]): Outcome {
  const faults = acts.flatMap(act => {
    const service = ours(act);
    const found = act.rotations.flatMap(({ ok, failure }, index) =>
      ok ? [] : [`rotation ${index + 1} failed at ${failure}`],
    );
    if (service.failed) {
      found.push(`our client had ${service.failed} failed queries: ${Object.keys(service.totals.failures).join('; ')}`);
    }
    if (rateOf(service) < LEAST_RATE) {
      found.push(`only ${rateOf(service).toFixed(0)} of ${RATES.rotating} queries per second were answered`);
    }
    if (act.rows !== service.good) found.push(`${service.good} good queries of our client left ${act.rows} rows`);
    return found.map(fault => `${STRATEGIES[act.strategy]}: ${fault}`);
  });
  const total = (count: (act: ActResult) => number) => acts.reduce((sum, act) => sum + count(act), 0);
  return {
    rotations: total(act => act.rotations.length),
    queries: total(act => ours(act).good + ours(act).failed),
    failed: total(act => ours(act).failed),
    faults,
  };
}
