import { Probe, PROBE_MILLIS } from '../../../client/src/login/probe';

let probe: Probe;
beforeEach(() => {
  jest.useFakeTimers();
  probe = new Probe();
});
afterEach(() => {
  jest.useRealTimers();
});

test('a version that is not known is tried by one login at a time', () => {
  expect(probe.admits('a')).toBe(true);
  probe.begins('a');
  expect(probe.admits('a')).toBe(false);
  expect(probe.admits('b')).toBe(true); // another version has a probe of its own
  probe.ends('b');
  expect(probe.admits('a')).toBe(false); // that was the end of another
  probe.ends('a');
  expect(probe.admits('a')).toBe(true);
});

test('any number of logins use a version that was accepted', () => {
  probe.begins('a');
  probe.accepted('a');
  probe.ends('a');
  probe.begins('a');
  expect(probe.admits('a')).toBe(true);
});

test('after a refusal the version is not known any more', () => {
  probe.accepted('a');
  probe.refused('b');
  probe.begins('a');
  expect(probe.admits('a')).toBe(true);
  probe.refused('a');
  probe.begins('a');
  expect(probe.admits('a')).toBe(false);
});

test('a login that hangs holds the others back for a while only', () => {
  probe.begins('a');
  jest.advanceTimersByTime(PROBE_MILLIS);
  expect(probe.admits('a')).toBe(false);
  jest.advanceTimersByTime(1);
  expect(probe.admits('a')).toBe(true);
});
