import fc from 'fast-check';
import { hasCode, type FaultyRig, nameOf, startFaultyRig } from './rig';
import { FunctionProcess } from '../../local/function-process';
import { STEPS } from '../../local/rotation-run';

let rig: FaultyRig;
let second: FunctionProcess;
beforeAll(async () => {
  rig = await startFaultyRig();
  second = new FunctionProcess('rotation', { ...rig.secrets.environment, NODE_EXTRA_CA_CERTS: rig.caFile });
});
afterAll(async () => {
  await second.stop();
  await rig.stop();
});

/** After these, who logs in may have changed. Its step says nothing here, where there are two. */
const CHANGES = ['after Query', 'after UpdateSecretVersionStage'];

/** Lets one of two go on at a time: whenever both wait, or the other is done, the next choice says which. */
class TurnTaker {
  private readonly waiting: (() => void)[] = [];
  private running = 2;

  constructor(private readonly choices: number[]) {}

  async turn(): Promise<void> {
    await new Promise<void>(resolve => {
      this.waiting.push(resolve);
      this.next();
    });
  }

  done(): void {
    this.running--;
    this.next();
  }

  private next(): void {
    if (this.waiting.length < Math.max(this.running, 1)) return;
    const [chosen] = this.waiting.splice((this.choices.shift() ?? 0) % this.waiting.length, 1);
    chosen();
  }
}

test.each(['single', 'alternating'] as const)(
  'two processes with the same token, interleaved in any order, end right: %s',
  async strategy => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(1), { minLength: 60, maxLength: 90 }), async choices => {
        const subject = await rig.createSubject(strategy);
        const before = await subject.labels();
        const { token } = await rig.rotate(subject, {
          beforeStep: () => {
            throw new Error('not delivered');
          },
        });
        const turns = new TurnTaker(choices);
        let wrong = '';
        let looking = false; // what looks goes through Secrets Manager too
        rig.fault = async place => {
          if (looking) return;
          if (CHANGES.includes(`${place.when} ${place.what}`)) {
            looking = true;
            if (!(await subject.isAlive())) wrong ||= nameOf(place);
            looking = false;
          }
          await turns.turn();
        };
        const errors: unknown[] = [];
        const deliver = async (to: FunctionProcess) => {
          for (const Step of STEPS) {
            await to
              .invoke({ Step, SecretId: subject.secret, ClientRequestToken: token })
              .catch(error => errors.push(error));
          }
          turns.done();
        };
        await Promise.all([deliver(rig.rotation), deliver(second)]);
        rig.fault = undefined;
        expect(wrong).toBe('');
        for (const error of errors) expect([error, hasCode(error)]).toEqual([error, true]);
        await rig.redeliver(subject, token);
        expect(await subject.labels()).toEqual({ AWSCURRENT: token, AWSPREVIOUS: before.AWSCURRENT });
        expect(await subject.logsIn()).toBe(true);
        expect(await rig.rotate(subject)).toMatchObject({ ok: true });
      }),
      { numRuns: 8, endOnFailure: true },
    );
  },
  120_000,
);
