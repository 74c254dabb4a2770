import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { Lanes } from './lanes';
import type { FaultyRig } from './rig';
import type { Subject } from './subject';

let lanes: Lanes;
let rig: FaultyRig;
beforeAll(async () => {
  lanes = await Lanes.start(2);
  rig = lanes.first;
});
afterAll(() => lanes.stop());
jest.setTimeout(120_000);

describe.each(['single', 'alternating'] as const)('%s', strategy => {
  let subject: Subject;
  const corruptPrevious = (SecretString: string) =>
    rig.secrets.client.send(
      new PutSecretValueCommand({ SecretId: subject.secret, SecretString, VersionStages: ['AWSPREVIOUS'] }),
    );
  beforeEach(async () => {
    subject = await rig.createRotated(strategy);
  });

  test('a connection that drops at any message ends with a code, and the retry succeeds', async () => {
    const { met, wrong } = await lanes.everywhere(
      strategy,
      ({ call }) => call === undefined,
      () => {
        throw new Error('the connection breaks');
      },
    );
    expect(wrong).toEqual([]);
    expect(met).toContain('setSecret: after Query');
  });

  test.each(['setSecret', 'testSecret'] as const)(
    'connections refused from %s on end with a code, and the retry succeeds',
    async refusedFrom => {
      const result = await rig.rotate(subject, {
        beforeStep: step => {
          if (step === refusedFrom) rig.proxy.refuse();
        },
      });
      await rig.proxy.accept();
      expect(result).toMatchObject({ ok: false, step: refusedFrom, error: { errorType: 'DatabaseUnreachable' } });
      await rig.redeliver(subject, result.token);
      expect(await subject.logsIn()).toBe(true);
    },
  );

  test('a corrupt AWSPREVIOUS blocks nothing', async () => {
    for (const value of ['not JSON', '{}', '{"username":5}', 'null']) {
      expect(await rig.rotate(subject)).toMatchObject({ ok: true });
      await corruptPrevious(value);
    }
    expect(await rig.rotate(subject)).toMatchObject({ ok: true });
    expect(await subject.logsIn()).toBe(true);
  });

  test.each([1, 2])(
    'a database restored from %i rotations back is healed by the next rotation, also past a corrupt AWSPREVIOUS',
    async back => {
      const restore = await subject.snapshot();
      for (let n = 0; n < back; n++) expect(await rig.rotate(subject)).toMatchObject({ ok: true });
      await corruptPrevious('not JSON');
      await restore();
      expect(await subject.logsIn()).toBe(false); // until then, consumers are locked out
      for (const login of strategy === 'single'
        ? [subject.username]
        : [subject.username, `${subject.username}_clone`]) {
        expect(await rig.rotate(subject)).toMatchObject({ ok: true });
        expect([login, await subject.logsIn()]).toEqual([login, true]);
      }
    },
  );
});

test('no log shows a password', async () => {
  await lanes.expectNoLeaks();
});
