import { type FaultyRig, hasCode, nameOf, type Place, startFaultyRig } from './rig';

const HUNG: readonly (readonly [string, string, (place: Place) => boolean])[] = [
  ['Secrets Manager', 'SecretsManagerUnreachable', ({ step, call }) => call !== undefined && step === 'setSecret'],
  ['PostgreSQL, at the connection', 'DatabaseUnreachable', place => nameOf(place) === 'setSecret: before SSLRequest'],
  ['PostgreSQL, at a query', 'DatabaseUnreachable', place => nameOf(place) === 'setSecret: before Query'],
  ['PostgreSQL, after a query', 'DatabaseUnreachable', place => nameOf(place) === 'testSecret: after Query'],
  ['PostgreSQL, at the login', 'DatabaseUnreachable', place => nameOf(place) === 'testSecret: after SASLResponse'],
];

let rigs: FaultyRig[];
beforeAll(async () => {
  rigs = await Promise.all(HUNG.map(() => startFaultyRig()));
});
afterAll(async () => {
  await Promise.all(rigs.map(rig => rig.stop()));
});

// All at once, for a function that is hung only waits.
test("whatever never answers ends with a code within the function's time, and the retry succeeds", async () => {
  await Promise.all(
    HUNG.map(async ([what, errorType, meant], n) => {
      const rig = rigs[n];
      const subject = await rig.createSubject(n % 2 ? 'alternating' : 'single');
      rig.fault = place => (meant(place) ? new Promise(() => undefined) : undefined);
      const { ok, token, error } = await rig.rotate(subject);
      rig.fault = undefined;
      expect([what, ok, hasCode(error), error]).toEqual([what, false, true, expect.objectContaining({ errorType })]);
      await rig.redeliver(subject, token);
      expect([what, await subject.logsIn()]).toEqual([what, true]);
    }),
  );
}, 120_000);
