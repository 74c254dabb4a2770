import { type Fault, type FaultyRig, hasCode, nameOf, type Place, startFaultyRig } from './rig';
import type { RotationStrategyName } from '../../../src/contract';

/** Rigs that share work: while one waits for its function or its database, another goes on. */
export class Lanes {
  static async start(count: number, settings?: Record<string, string>): Promise<Lanes> {
    return new Lanes(await Promise.all(Array.from({ length: count }, () => startFaultyRig(settings))));
  }

  private constructor(private readonly rigs: readonly FaultyRig[]) {}

  get first(): FaultyRig {
    return this.rigs[0];
  }

  /**
   * Does the work for each item, in order, each on the next rig that is free. When one fails, the others finish theirs,
   * and begin nothing more.
   */
  async each<T>(items: Iterable<T>, work: (rig: FaultyRig, item: T) => Promise<void>): Promise<void> {
    const queue = [...items];
    const failures: unknown[] = [];
    await Promise.all(
      this.rigs.map(async rig => {
        while (queue.length > 0 && failures.length === 0) {
          await work(rig, queue.shift()!).catch(error => failures.push(error));
        }
      }),
    );
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Puts the fault at each of the places that are meant, one in each rotation: those that were met, and those where the
   * rotation failed. `wrong` is where its error had no code, or where after one more try what is current does not log
   * in.
   */
  async everywhere(
    strategy: RotationStrategyName,
    meant: (place: Place) => boolean,
    fault: Fault,
  ): Promise<Record<'met' | 'failed' | 'wrong', string[]>> {
    const places = (await this.first.record(await this.first.createRotated(strategy))).filter(meant);
    const [met, failed, wrong]: string[][] = [[], [], []];
    await this.each(places.keys(), async (rig, n) => {
      const subject = await rig.createRotated(strategy);
      let countdown = n;
      rig.fault = place => {
        if (!meant(place) || countdown-- !== 0) return undefined;
        met.push(nameOf(place));
        return fault(place);
      };
      const { ok, token, error } = await rig.rotate(subject);
      rig.fault = undefined;
      const name = nameOf(places[n]);
      if (!ok) {
        failed.push(name);
        if (!hasCode(error)) wrong.push(`${name}: ${error}`);
        await rig.redeliver(subject, token);
      }
      if (!(await subject.logsIn())) wrong.push(`${name}: AWSCURRENT does not log in`);
    });
    if (met.length !== places.length) wrong.push(`${places.length} places, of which ${met.length} were met`);
    return { met, failed, wrong };
  }

  async expectNoLeaks(): Promise<void> {
    for (const rig of this.rigs) expect(await rig.leaks()).toEqual([]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.rigs.map(rig => rig.stop()));
  }
}
