import { Waiters } from '../../../client/src/login/waiters';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('all who wait are woken, once', async () => {
  const waiters = new Waiters();
  const woken: number[] = [];
  const all = [1, 2].map(who => waiters.change(1_000).then(() => woken.push(who)));
  expect(waiters.count).toBe(2);
  waiters.wake();
  expect(waiters.count).toBe(0);
  await Promise.all(all);
  expect(woken).toEqual([1, 2]);
  expect(jest.getTimerCount()).toBe(0); // no timer outlives its wait
});

test('whose time is over waits no more, and the others do', async () => {
  const waiters = new Waiters();
  const short = waiters.change(10);
  void waiters.change(1_000);
  await jest.advanceTimersByTimeAsync(10);
  await short;
  expect(waiters.count).toBe(1);
});

test('who begins to wait while others are woken waits for the next time', () => {
  const waiters = new Waiters();
  void waiters.change(1_000);
  waiters.wake();
  void waiters.change(1_000);
  expect(waiters.count).toBe(1);
});
