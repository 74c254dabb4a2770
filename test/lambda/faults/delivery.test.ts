import { Lanes } from './lanes';
import { hasCode, type FaultyRig } from './rig';
import type { Subject } from './subject';
import type { RotationStrategyName } from '../../../src/contract';
import { type Step, STEPS } from '../../local/rotation-run';

// Many, for a step that comes too early waits for the one before it.
let lanes: Lanes;
beforeAll(async () => {
  lanes = await Lanes.start(6);
});
afterAll(() => lanes.stop());
jest.setTimeout(120_000);

/** A rotation of which no step has been delivered. */
interface Begun {
  readonly subject: Subject;
  readonly token: string;
  deliver(step: Step): Promise<unknown>;
}

async function begin(rig: FaultyRig, strategy: RotationStrategyName): Promise<Begun> {
  const subject = await rig.createSubject(strategy);
  const { token } = await rig.rotate(subject, {
    beforeStep: () => {
      throw new Error('not delivered');
    },
  });
  return {
    subject,
    token,
    deliver: Step => rig.rotation.invoke({ Step, SecretId: subject.secret, ClientRequestToken: token }),
  };
}

test.each(['single', 'alternating'] as const)(
  'each step delivered twice, by a warm process or a new one, changes nothing more: %s',
  async strategy => {
    await lanes.each(['warm', 'new'], async (rig, process) => {
      const { subject, token, deliver } = await begin(rig, strategy);
      const before = await subject.labels();
      const state = async () => [await subject.labels(), await subject.logsIn(), await subject.logsIn('AWSPENDING')];
      for (const step of STEPS) {
        await deliver(step);
        const once = await state();
        if (process === 'new') await rig.rotation.stop();
        await deliver(step);
        expect(await state()).toEqual(once);
      }
      expect(await subject.labels()).toEqual({ AWSCURRENT: token, AWSPREVIOUS: before.AWSCURRENT });
      expect(await subject.logsIn()).toBe(true);
    });
  },
);

test('steps in the wrong order change nothing that the right order does not', async () => {
  const orders: readonly (readonly Step[])[] = [
    ['setSecret', 'createSecret', 'finishSecret', 'testSecret'],
    ['createSecret', 'testSecret', 'finishSecret', 'setSecret'],
    ['createSecret', 'finishSecret', 'testSecret', 'setSecret'],
  ];
  const cases = (['single', 'alternating'] as const).flatMap(strategy => orders.map(order => ({ strategy, order })));
  await lanes.each(cases, async (rig, { strategy, order }) => {
    const { subject, token, deliver } = await begin(rig, strategy);
    const before = await subject.labels();
    for (const step of order) {
      const wrong = await deliver(step).catch(error => error);
      if (wrong) expect([step, wrong, hasCode(wrong)]).toEqual([step, wrong, true]);
      expect([step, await subject.isAlive()]).toEqual([step, true]);
    }
    await rig.redeliver(subject, token);
    expect(await subject.labels()).toEqual({ AWSCURRENT: token, AWSPREVIOUS: before.AWSCURRENT });
    expect(await subject.logsIn()).toBe(true);
  });
});

test('no log shows a password', async () => {
  await lanes.expectNoLeaks();
});
