import { VersionChoice } from '../../../client/src/login/version-choice';
import type { SecretVersion } from '../../../client/src/secret/secret-reader';
import { secretVersion } from '../support/stub';

const [a, b, c] = ['a', 'b', 'c'].map(id => secretVersion(id));
let latest: SecretVersion | undefined;
let choice: VersionChoice;
beforeEach(() => {
  jest.useFakeTimers();
  latest = a;
  choice = new VersionChoice(() => latest);
});
afterEach(() => {
  jest.useRealTimers();
});

test('is AWSCURRENT as it was read last', () => {
  latest = undefined;
  expect(choice.version).toBeUndefined();
  latest = a;
  expect(choice.version).toBe(a);
});

test('another is used for as long as AWSCURRENT is the one that was refused', () => {
  choice.use({ version: b, current: a });
  expect(choice.version).toBe(b);
  latest = c;
  expect(choice.version).toBe(c);
});

test('AWSCURRENT ends the use of another', () => {
  choice.use({ version: b, current: a });
  choice.use({ version: a, current: a });
  expect(choice.version).toBe(a);
});

test('another may be used for a time only, which does not end what was chosen since', () => {
  choice.use({ version: b, current: a, until: performance.now() + 1_000 });
  jest.advanceTimersByTime(999);
  expect(choice.version).toBe(b);
  jest.advanceTimersByTime(1);
  expect(choice.version).toBe(a);

  choice.use({ version: b, current: a, until: performance.now() + 1_000 });
  choice.use({ version: c, current: a });
  jest.advanceTimersByTime(1_000);
  expect(choice.version).toBe(c);
});
