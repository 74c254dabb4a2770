import { Refusals } from '../../../client/src/login/refusals';
import { secretVersion } from '../support/stub';

const [a, b] = [secretVersion('a'), secretVersion('b')];
const refusal = (code: string) => Object.assign(new Error(`refused with ${code}`), { code });
let refusals: Refusals;
beforeEach(() => {
  jest.useFakeTimers();
  refusals = new Refusals();
});
afterEach(() => {
  jest.useRealTimers();
});

test('a refused version is barred with its SQLSTATE until a login is accepted', () => {
  refusals.add('a', refusal('28000'));
  expect([refusals.has('a'), refusals.bars('a'), refusals.codeFor('a')]).toEqual([true, true, '28000']);
  expect([refusals.has('b'), refusals.bars('b'), refusals.codeFor('b')]).toEqual([false, false, undefined]);
  expect(refusals.last).toMatchObject({ code: '28000' });
  refusals.clear();
  expect([refusals.has('a'), refusals.bars('a')]).toEqual([false, false]);
});

test('the versions are tried once more in turn: after two seconds, then every twenty', () => {
  const retried: (string | undefined)[] = [];
  refusals.add('a', refusal('28P01'));
  refusals.add('b', refusal('28P01'));
  for (let second = 0; second <= 45; second++) {
    const again = refusals.retry([a, undefined, b]);
    if (again) {
      retried.push(`${second} ${again.versionId}`);
      expect(refusals.bars(again.versionId)).toBe(false);
      expect(refusals.bars(again === a ? 'b' : 'a')).toBe(true);
      refusals.endRetry(again === a ? 'b' : 'a'); // another login has ended
      expect(refusals.bars(again.versionId)).toBe(false);
      refusals.endRetry(again.versionId);
      expect(refusals.bars(again.versionId)).toBe(true);
    }
    jest.advanceTimersByTime(1_000);
  }
  expect(retried).toEqual(['2 a', '22 b', '42 a']);
});

test('it lasts since the last version that was new, and is interrupted when a retry is due', () => {
  refusals.add('a', refusal('28P01'));
  refusals.retry([a]);
  jest.advanceTimersByTime(1_000);
  refusals.add('a', refusal('28P01')); // nothing new
  expect(refusals.lastedFor(999)).toBe(true);
  expect(refusals.lastedFor(1_000)).toBe(false);
  jest.advanceTimersByTime(1_000);
  expect(refusals.lastedFor(999)).toBe(false); // the retry of two seconds is due
  refusals.add('b', refusal('28P01'));
  expect(refusals.lastedFor(0)).toBe(false);
  jest.advanceTimersByTime(1);
  expect(refusals.lastedFor(0)).toBe(true);
});

test('where no version can be read, none is tried', () => {
  refusals.add('a', refusal('28P01'));
  refusals.retry([]);
  jest.advanceTimersByTime(2_000);
  expect(refusals.retry([undefined])).toBeUndefined();
  expect(refusals.bars('a')).toBe(true);
});
