import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { hasCode, type Fault, type FaultyRig, nameOf, type Place, startFaultyRig, type Subject } from './rig';
import { STEPS } from '../../local/rotation-run';
import { ServiceError } from '../../local/secret';

let rig: FaultyRig;
beforeAll(async () => { rig = await startFaultyRig(); });
afterAll(() => rig.stop());
afterEach(() => { rig.fault = undefined; });
jest.setTimeout(60_000);

const STRATEGIES = ['single', 'alternating'] as const;
const broken = () => { throw new Error('the connection breaks'); };
const inDatabase = ({ call }: Place) => call === undefined;
const inSecretsManager = (place: Place) => !inDatabase(place);

/** The fault at the nth of the places that are meant, and nowhere else; whether it was met. */
function once(meant: (place: Place) => boolean, n: number, fault: Fault): { met: string } {
  const seen = { met: '' };
  let countdown = n;
  rig.fault = place => {
    if (!meant(place) || countdown-- !== 0) return undefined;
    seen.met = nameOf(place);
    return fault(place);
  };
  return seen;
}

/** Ends well: the retry succeeds, and what is current then logs in. */
async function expectRecovery(subject: Subject, token: string): Promise<void> {
  rig.fault = undefined;
  await rig.redeliver(subject, token);
  expect(await subject.logsIn()).toBe(true);
}

describe.each(STRATEGIES)('%s', strategy => {
  let subject: Subject;
  beforeEach(async () => { subject = await rig.createSubject(strategy); });

  /** Puts the fault at each place in turn, until a rotation meets it no more. */
  async function everywhere(meant: (place: Place) => boolean, fault: Fault): Promise<{ met: string[]; wrong: string[] }> {
    const [met, wrong]: string[][] = [[], []];
    for (let n = 0; ; n++) {
      const seen = once(meant, n, fault);
      const result = await rig.rotate(subject);
      rig.fault = undefined;
      if (!seen.met) return { met, wrong };
      met.push(seen.met);
      if (!result.ok) {
        if (!hasCode(result.error)) wrong.push(`${seen.met}: ${result.error}`);
        await expectRecovery(subject, result.token);
      }
      if (!await subject.logsIn()) wrong.push(`${seen.met}: AWSCURRENT does not log in`);
    }
  }

  test('a connection to PostgreSQL that drops at any message ends with a code, and the retry succeeds', async () => {
    const { met, wrong } = await everywhere(inDatabase, broken);
    expect(wrong).toEqual([]);
    expect(met).toContain('setSecret: after Query');
  });

  test.each([
    ['a connection that breaks', broken],
    ['throttling', ({ when }: Place) => { if (when === 'before') throw new ServiceError('ThrottlingException', 'Rate exceeded'); }],
    ['an internal error', () => { throw new ServiceError('InternalServiceError', 'An error occurred on the server side.'); }],
  ])('%s at any one call of Secrets Manager is passed over by its repetition', async (_, fault) => {
    const { met, wrong } = await everywhere(inSecretsManager, fault);
    expect(wrong).toEqual([]);
    expect(met).toContain('finishSecret: after UpdateSecretVersionStage');
  });

  test.each([
    ['ThrottlingException', ['finishSecret']],
    ['InternalServiceError', STEPS],
  ])('%s without end at a step is told with its action, and the retry succeeds', async (type, steps) => {
    for (const step of steps) {
      rig.fault = place => { if (place.step === step && inSecretsManager(place)) throw new ServiceError(type, 'not now'); };
      const result = await rig.rotate(subject);
      expect(result).toMatchObject({ ok: false, step, error: { errorType: 'SecretsManager', errorMessage: expect.stringContaining(`DescribeSecret on ${subject.secret}`) } });
      await expectRecovery(subject, result.token);
    }
  });

  test.each(['setSecret', 'testSecret'] as const)('connections refused from %s on end with a code, and the retry succeeds', async refusedFrom => {
    const result = await rig.rotate(subject, { beforeStep: step => { if (step === refusedFrom) rig.proxy.refuse(); } });
    await rig.proxy.accept();
    expect(result).toMatchObject({ ok: false, step: refusedFrom, error: { errorType: 'DatabaseUnreachable' } });
    await expectRecovery(subject, result.token);
  });

  test('a pending value that is not visible at once is waited for', async () => {
    let lagging = 3;
    rig.fault = ({ when, call }) => {
      if (when === 'before' && call?.action === 'GetSecretValue' && call.request.VersionStage === 'AWSPENDING' && lagging-- > 0) {
        throw new ServiceError('ResourceNotFoundException', 'Secrets Manager can\'t find the specified secret value for staging label: AWSPENDING');
      }
    };
    const cold = { beforeStep: () => rig.rotation.stop() }; // a warm process knows what it wrote
    expect(await rig.rotate(subject, cold)).toMatchObject({ ok: true });
    expect(lagging).toBeLessThan(0);
    expect(await subject.logsIn()).toBe(true);
  });

  test('steps in the wrong order change nothing that the right order does not', async () => {
    const orders = [[1, 0, 3, 2], [0, 2, 3, 1], [0, 3, 2, 1]];
    for (const order of orders) {
      const { token } = await rig.rotate(subject, { beforeStep: () => { throw new Error('not delivered'); } });
      for (const n of order) {
        const wrong = await rig.rotation.invoke({ Step: STEPS[n], SecretId: subject.secret, ClientRequestToken: token }).catch(error => error);
        if (wrong) expect(hasCode(wrong)).toBe(true);
        expect([await subject.logsIn(), strategy === 'single' && await subject.logsIn('AWSPENDING')]).toContain(true);
      }
      await expectRecovery(subject, token);
    }
  });

  test('a corrupt AWSPREVIOUS blocks nothing', async () => {
    for (const SecretString of ['not JSON', '{}', '{"username":5}', 'null']) {
      expect(await rig.rotate(subject)).toMatchObject({ ok: true });
      await rig.secrets.client.send(new PutSecretValueCommand({ SecretId: subject.secret, SecretString, VersionStages: ['AWSPREVIOUS'] }));
    }
    expect(await rig.rotate(subject)).toMatchObject({ ok: true });
    expect(await subject.logsIn()).toBe(true);
  });

  test.each([1, 2])('a database restored from %i rotations back is healed by the next rotation, also past a corrupt AWSPREVIOUS', async back => {
    if (strategy === 'alternating') {
      expect(await rig.rotate(subject)).toMatchObject({ ok: true }); // so that both logins exist in the snapshot
    }
    const restore = await subject.snapshot();
    for (let n = 0; n < back; n++) expect(await rig.rotate(subject)).toMatchObject({ ok: true });
    await rig.secrets.client.send(new PutSecretValueCommand({ SecretId: subject.secret, SecretString: 'not JSON', VersionStages: ['AWSPREVIOUS'] }));
    await restore();
    expect(await rig.rotate(subject)).toMatchObject({ ok: true });
    expect(await subject.logsIn()).toBe(true);
  });
});
