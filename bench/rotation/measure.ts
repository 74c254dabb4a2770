import type { Ours } from './build';
import type { Stage, Strategy } from './stage';
import type { Sample, Trial } from './trial';
import { Env } from '../../src/contract';

/** How often. */
export interface Effort {
  readonly pairs: number;
  readonly colds: number;
}

/** The samples of a function: those of the same index of two functions were taken in turn. */
export interface Samples {
  readonly warm: readonly Sample[];
  readonly cold: readonly Sample[];
}

export interface Measured {
  readonly strategy: Strategy;
  readonly ours: Samples;
  readonly withSdk: Samples;
  /** Alternating users, with the login that a rotation replaced told when to die. */
  readonly retiring?: Samples;
  readonly peer?: Samples;
}

/** The first rotations make the alternate and fill caches. Two, for each direction of alternating users. */
const WARM_UP = 2;
const RETIREMENT = { [Env.RETIRE_AFTER]: '3600' };

/** Takes turns between the functions, and turns the order round each time: what the machine does else falls on all. */
export async function measure(
  stage: Stage,
  strategy: Strategy,
  built: { shipped: Ours; withSdk: Ours },
  peerCommand: string | undefined,
  { pairs, colds }: Effort,
): Promise<Measured> {
  const ours = await stage.addTrial(strategy, built.shipped.command);
  const retiring = strategy === 'single' ? [] : [await stage.addTrial(strategy, built.shipped.command, RETIREMENT)];
  const withSdk = await stage.addTrial(strategy, built.withSdk.command);
  const peer = peerCommand === undefined ? [] : [await stage.addTrial(strategy, peerCommand)];

  for (const trial of [ours, ...peer, ...retiring]) {
    await trial.rotateCold();
    for (let rotation = 0; rotation < WARM_UP; rotation++) await trial.rotateWarm();
  }
  const warm = await inTurns([ours, ...peer, ...retiring], pairs, async trial => trial.rotateWarm());
  for (const trial of retiring) await trial.stop();
  await withSdk.rotateCold(); // makes its alternate
  const cold = await inTurns([ours, ...peer, withSdk], colds, async trial => {
    const sample = await trial.rotateCold();
    await trial.stop();
    return sample;
  });
  const samples = (trial: Trial): Samples => ({ warm: warm.get(trial) ?? [], cold: cold.get(trial) ?? [] });
  return {
    strategy,
    ours: samples(ours),
    withSdk: samples(withSdk),
    retiring: retiring.map(samples)[0],
    peer: peer.map(samples)[0],
  };
}

async function inTurns(
  trials: Trial[],
  rounds: number,
  take: (trial: Trial) => Promise<Sample>,
): Promise<Map<Trial, Sample[]>> {
  const taken = new Map(trials.map(trial => [trial, [] as Sample[]]));
  for (let round = 0; round < rounds; round++) {
    for (const trial of round % 2 ? [...trials].reverse() : trials) taken.get(trial)!.push(await take(trial));
  }
  return taken;
}
