import { ReplicaLag } from '../../../client/src/login/replica-lag';
import { secretVersion } from '../support/stub';

const [a, b] = [secretVersion('a'), secretVersion('b')];
beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('AWSPREVIOUS is allowed after a wrong password on a replica, and nowhere else', () => {
  expect(new ReplicaLag(1_000).allowsPrevious(b, '28P01')).toBe(true);
  expect(new ReplicaLag(0).allowsPrevious(b, '28P01')).toBe(false);
  expect(new ReplicaLag(1_000).allowsPrevious(b, '28000')).toBe(false);
  expect(new ReplicaLag(1_000).allowsPrevious(b, undefined)).toBe(false);
});

test('for the lag, counted from the first use; the next AWSCURRENT has one of its own', () => {
  const lag = new ReplicaLag(1_000);
  const end = performance.now() + 1_000;
  expect(lag.begin(a)).toBe(end);
  jest.advanceTimersByTime(999);
  expect(lag.begin(a)).toBe(end);
  expect(lag.allowsPrevious(a, '28P01')).toBe(true);
  jest.advanceTimersByTime(1);
  expect(lag.allowsPrevious(a, '28P01')).toBe(false);
  expect(lag.allowsPrevious(b, '28P01')).toBe(true);
  expect(lag.begin(b)).toBe(end + 1_000);
});
