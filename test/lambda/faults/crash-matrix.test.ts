import { isDeepStrictEqual } from 'node:util';
import { UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { Lanes } from './lanes';
import { type FaultyRig, nameOf, type Place } from './rig';
import type { Subject } from './subject';
import { Env } from '../../../src/contract';
import { MAJOR_VARIABLE } from '../../local/postgres-binaries';

interface Situation {
  /** Environment of the function. */
  readonly settings?: Record<string, string>;
  /** The places that are tried. @default all */
  readonly places?: (place: Place) => boolean;
  prepare(rig: FaultyRig): Promise<Subject>;
  /** What else is wrong in the end, as text. */
  wrongAtTheEnd?(rig: FaultyRig, subject: Subject): Promise<string[]>;
}
const SITUATIONS: Record<string, Situation> = {
  'single user': { prepare: rig => rig.createSubject('single') },
  'alternating users, of which the second is yet to be created': { prepare: rig => rig.createSubject('alternating') },
  'alternating users': { prepare: rig => rig.createRotated('alternating') },
  'alternating users, of which the replaced one is retired at once': {
    settings: { [Env.RETIRE_AFTER]: '0' },
    places: ({ step }) => step === 'finishSecret', // the rest is as without
    prepare: rig => rig.createRotated('alternating'),
    async wrongAtTheEnd(_, subject) {
      return (await subject.logsIn('AWSPREVIOUS')) ? ['in the end the replaced login still logs in'] : [];
    },
  },
  "alternating users, of which the second was made by AWS's function": {
    // Of some 200: those between which the database does not change.
    places: ({ call, what }) => call === undefined && ['Query', 'Sync'].includes(what),
    async prepare(rig) {
      const subject = await rig.createSubject('alternating');
      await rig.makeAlternateAsAws(subject);
      return subject;
    },
    async wrongAtTheEnd(rig, { username }) {
      const [{ owners }] = await rig.inspect(
        'SELECT array_agg(DISTINCT tableowner::text) AS owners FROM pg_tables WHERE tablename = $1',
        [`of_${username}`],
      );
      return isDeepStrictEqual(owners, [username]) ? [] : [`in the end the alternate's table belongs to ${owners}`];
    },
  },
};

jest.setTimeout(300_000);

const major = process.env[MAJOR_VARIABLE] ?? '18';

/**
 * Each with a function process, a proxy and a Secrets Manager of its own, so that both of the runner's processors have
 * work.
 */
const LANES = 2;

/** Has the function's process killed at the nth of the places from here; the name of the place, once it was met. */
function killAt(rig: FaultyRig, { places = () => true }: Situation, n: number): () => string | undefined {
  let [countdown, met] = [n, ''];
  rig.fault = place => {
    if (!places(place) || countdown-- > 0) return;
    rig.fault = undefined;
    rig.rotation.crash();
    met = nameOf(place);
    throw new Error('the function is gone');
  };
  return () => met;
}

/** Whatever is wrong after a kill at the nth place, as text. */
async function faultsOf(
  rig: FaultyRig,
  situation: Situation,
  n: number,
  recovery: 'same token' | 'new token',
): Promise<string[]> {
  const subject = await situation.prepare(rig);
  const before = await subject.labels();
  const wrong: string[] = [];
  const check = (holds: boolean, what: string) => {
    if (!holds) wrong.push(what);
  };
  const checkWhileGone = async (token: string) => {
    check(await subject.isAlive(), 'once killed, nothing that must log in does');
    check(between(before, await subject.labels(), token), 'once killed, the labels are neither as before nor as after');
  };

  const met = killAt(rig, situation, n);
  const killed = await rig.rotate(subject);
  check(!killed.ok, 'the kill did not end the rotation');
  await checkWhileGone(killed.token);
  if (recovery === 'same token') {
    await rig.redeliver(subject, killed.token).catch(error => check(false, `the retry failed: ${error.message}`));
    check(moved(before, await subject.labels(), killed.token), 'the labels are not as after one rotation');
  } else {
    await takeLabelAway(rig, subject, killed.token);
    const next = await rig.rotate(subject);
    check(next.ok, `the next rotation failed: ${next.error?.message}`);
    check((await subject.labels()).AWSCURRENT === next.token, 'AWSCURRENT did not move to the new token');
  }
  check(await subject.logsIn(), 'in the end AWSCURRENT does not log in');
  wrong.push(...((await situation.wrongAtTheEnd?.(rig, subject)) ?? []));
  return wrong.map(what => `${met()}: ${what}`);
}

/** Whether AWSCURRENT has moved to the token, once, and AWSPENDING is away. */
function moved(before: Record<string, string>, now: Record<string, string>, token: string): boolean {
  return now.AWSCURRENT === token && now.AWSPREVIOUS === before.AWSCURRENT && now.AWSPENDING === undefined;
}

/** Whether the labels are those of a rotation that has come no further than to its end. */
function between(
  before: Record<string, string>,
  { AWSPENDING: pending, ...now }: Record<string, string>,
  token: string,
): boolean {
  if (pending !== undefined && pending !== token) return false;
  return now.AWSCURRENT === token
    ? moved(before, now, token)
    : now.AWSCURRENT === before.AWSCURRENT && now.AWSPREVIOUS === before.AWSPREVIOUS;
}

/** What a person does who wants an unfinished rotation out of the way. */
async function takeLabelAway(rig: FaultyRig, { secret }: Subject, token: string): Promise<void> {
  await rig.secrets.client
    .send(
      new UpdateSecretVersionStageCommand({ SecretId: secret, VersionStage: 'AWSPENDING', RemoveFromVersionId: token }),
    )
    .catch(error => expect(error.name).toBe('InvalidParameterException')); // it is not there any more
}

const report: { points: number; recovered: number; where: string }[] = [];
afterAll(() => {
  const sum = (of: 'points' | 'recovered') => report.reduce((total, line) => total + line[of], 0);
  const lines = [
    ...report,
    { points: sum('points'), recovered: sum('recovered'), where: `in all, on PostgreSQL ${major}` },
  ];
  process.stdout.write(
    lines.map(({ points, recovered, where }) => `  ${points} points, ${recovered} recovered: ${where}\n`).join(''),
  );
});

describe.each(Object.entries(SITUATIONS))('%s', (name, situation) => {
  let lanes: Lanes;
  let points: number;
  beforeAll(async () => {
    lanes = await Lanes.start(LANES, situation.settings);
    points = (await lanes.first.record(await situation.prepare(lanes.first))).filter(
      situation.places ?? (() => true),
    ).length;
    expect(points).toBeGreaterThan(20);
  });
  afterAll(() => lanes.stop());

  test.each(['same token', 'new token'] as const)(
    'killed at any place, the rotation recovers with the %s',
    async recovery => {
      const wrong: string[] = [];
      let recovered = 0;
      await lanes.each(Array(points).keys(), async (rig, n) => {
        const faults = await faultsOf(rig, situation, n, recovery);
        wrong.push(...faults);
        if (faults.length === 0) recovered++;
      });
      report.push({ points, recovered, where: `${name}, ${recovery}` });
      expect(wrong).toEqual([]);
    },
  );

  test('no log shows a password', async () => {
    await lanes.expectNoLeaks();
  });
});
