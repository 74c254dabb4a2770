import { Lanes } from './lanes';
import type { Place } from './rig';
import { STEPS } from '../../local/rotation-run';
import { ServiceError } from '../../local/secret';

// Many, for most of the time the SDK waits before it repeats a call.
let lanes: Lanes;
beforeAll(async () => {
  lanes = await Lanes.start(6);
});
afterAll(() => lanes.stop());
jest.setTimeout(120_000);

const inSecretsManager = ({ call }: Place) => call !== undefined;

describe.each(['single', 'alternating'] as const)('%s', strategy => {
  test.each([
    [
      'a connection that breaks',
      () => {
        throw new Error('the connection breaks');
      },
    ],
    [
      'throttling',
      ({ when }: Place) => {
        if (when === 'before') throw new ServiceError('ThrottlingException', 'Rate exceeded');
      },
    ],
    [
      'an internal error',
      () => {
        throw new ServiceError('InternalServiceError', 'An error occurred on the server side.');
      },
    ],
  ])('%s at any one call is passed over by its repetition', async (_, fault) => {
    const { met, failed, wrong } = await lanes.everywhere(strategy, inSecretsManager, fault);
    expect(wrong).toEqual([]);
    // A label that has moved cannot be moved again: the next try of the rotation finds it so.
    expect(failed.filter(place => place !== 'finishSecret: after UpdateSecretVersionStage')).toEqual([]);
    expect(met).toContain('finishSecret: after UpdateSecretVersionStage');
  });

  test.each([
    ['ThrottlingException', ['finishSecret']],
    ['InternalServiceError', STEPS],
  ])('%s without end at a step is told with its action, and the retry succeeds', async (type, steps) => {
    await lanes.each(steps, async (rig, step) => {
      const subject = await rig.createSubject(strategy);
      rig.fault = place => {
        if (place.step === step && inSecretsManager(place)) throw new ServiceError(type, 'not now');
      };
      const result = await rig.rotate(subject);
      rig.fault = undefined;
      expect(result).toMatchObject({
        ok: false,
        step,
        error: {
          errorType: 'SecretsManager',
          errorMessage: expect.stringContaining(`DescribeSecret on ${subject.secret}`),
        },
      });
      await rig.redeliver(subject, result.token);
      expect(await subject.logsIn()).toBe(true);
    });
  });

  test('a pending value that is not visible at once is waited for', async () => {
    const rig = lanes.first;
    const subject = await rig.createSubject(strategy);
    let lagging = 3;
    rig.fault = ({ when, call }) => {
      if (
        when === 'before' &&
        call?.action === 'GetSecretValue' &&
        call.request.VersionStage === 'AWSPENDING' &&
        lagging-- > 0
      ) {
        throw new ServiceError(
          'ResourceNotFoundException',
          "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
        );
      }
    };
    const cold = { beforeStep: () => rig.rotation.stop() }; // a warm process knows what it wrote
    const result = await rig.rotate(subject, cold);
    rig.fault = undefined;
    expect(result).toMatchObject({ ok: true });
    expect(lagging).toBeLessThan(0);
    expect(await subject.logsIn()).toBe(true);
  });
});

test('no log shows a password', async () => {
  await lanes.expectNoLeaks();
});
