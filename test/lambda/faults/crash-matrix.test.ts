import { UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { type FaultyRig, nameOf, startFaultyRig, type Subject } from './rig';

/** Each with a function process, a proxy and a Secrets Manager of its own, so that both of the runner's processors have work. */
const LANES = 2;
let lanes: FaultyRig[];
beforeAll(async () => { lanes = await Promise.all(Array.from({ length: LANES }, startFaultyRig)); });
afterAll(async () => { await Promise.all(lanes.map(lane => lane.stop())); });

interface Situation {
  /** The labels of which one must log in whenever the function is gone. */
  readonly alive: readonly string[];
  prepare(rig: FaultyRig): Promise<Subject>;
}
const SITUATIONS: Record<string, Situation> = {
  'single user': { prepare: rig => rig.createSubject('single'), alive: ['AWSCURRENT', 'AWSPENDING'] },
  'alternating users, of which the second is yet to be created': { prepare: rig => rig.createSubject('alternating'), alive: ['AWSCURRENT'] },
  'alternating users': {
    async prepare(rig) {
      const subject = await rig.createSubject('alternating');
      expect(await rig.rotate(subject)).toMatchObject({ ok: true });
      return subject;
    },
    alive: ['AWSCURRENT'],
  },
};

/** The names of all places of a rotation that nothing disturbs. */
async function record(rig: FaultyRig, { prepare }: Situation): Promise<string[]> {
  const subject = await prepare(rig);
  const places: string[] = [];
  rig.fault = place => places.push(nameOf(place));
  const result = await rig.rotate(subject);
  rig.fault = undefined;
  expect(result).toMatchObject({ ok: true });
  return places;
}

/** Has the function's process killed at the nth place from here; the name of the place, once it was met. */
function killAt(rig: FaultyRig, n: number): () => string | undefined {
  let [countdown, met] = [n, ''];
  rig.fault = place => {
    if (countdown-- > 0) return;
    rig.fault = undefined;
    rig.rotation.kill();
    met = nameOf(place);
    throw new Error('the function is gone');
  };
  return () => met;
}

/** Whatever is wrong after a kill at the nth place, as text. */
async function faultsOf(rig: FaultyRig, { prepare, alive }: Situation, n: number, recovery: 'same token' | 'new token'): Promise<string[]> {
  const subject = await prepare(rig);
  const wrong: string[] = [];
  const check = (holds: boolean, what: string) => { if (!holds) wrong.push(what); };
  const someoneLogsIn = async () => {
    const logins = [];
    for (const stage of alive) logins.push(await subject.logsIn(stage));
    check(logins.includes(true), `once killed, none of ${alive} logs in`);
  };

  const met = killAt(rig, n);
  if (recovery === 'same token') {
    let attempts = 1;
    const result = await rig.rotate(subject, { retry: () => { attempts++; return someoneLogsIn(); } });
    check(attempts === 2, 'the kill did not end the rotation');
    check(result.ok, `the retry failed: ${result.error?.message}`);
  } else {
    const killed = await rig.rotate(subject);
    check(!killed.ok, 'the kill did not end the rotation');
    await someoneLogsIn();
    await takeLabelAway(rig, subject, killed.token);
    const next = await rig.rotate(subject);
    check(next.ok, `the next rotation failed: ${next.error?.message}`);
  }
  check(await subject.logsIn(), 'in the end AWSCURRENT does not log in');
  return wrong.map(what => `${met()}: ${what}`);
}

/** What a person does who wants an unfinished rotation out of the way. */
async function takeLabelAway(rig: FaultyRig, { secret }: Subject, token: string): Promise<void> {
  await rig.secrets.client.send(new UpdateSecretVersionStageCommand({ SecretId: secret, VersionStage: 'AWSPENDING', RemoveFromVersionId: token }))
    .catch(error => expect(error.name).toBe('InvalidParameterException')); // it is not there any more
}

describe.each(Object.entries(SITUATIONS))('%s', (_, situation) => {
  let places: string[];
  beforeAll(async () => {
    places = await record(lanes[0], situation);
    expect(places.length).toBeGreaterThan(30);
  });

  test.each(['same token', 'new token'] as const)('killed at any place, the rotation recovers with the %s', async recovery => {
    const queue = places.keys();
    const wrong: string[] = [];
    await Promise.all(lanes.map(async lane => {
      for (const n of queue) wrong.push(...await faultsOf(lane, situation, n, recovery));
    }));
    expect(wrong).toEqual([]);
  }, 120_000);
});
