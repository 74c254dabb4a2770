import { Refusals } from '../../../client/src/login/refusals';
import { ReplicaLag } from '../../../client/src/login/replica-lag';
import { VersionSearch } from '../../../client/src/login/version-search';
import { sdkError, StubSecretsManager, version } from '../support/stub';

let secrets: StubSecretsManager;
let refusals: Refusals;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  secrets = new StubSecretsManager();
  secrets.stages = { AWSCURRENT: version('b'), AWSPENDING: version('c'), AWSPREVIOUS: version('a') };
  refusals = new Refusals();
});
afterEach(() => {
  jest.useRealTimers();
});

const refuse = (versionId: string, code = '28P01') => refusals.add(versionId, Object.assign(new Error(code), { code }));
const search = (lagMillis = 0) => new VersionSearch(secrets.source(), refusals, new ReplicaLag(lagMillis));
/** What a search of one round, or of some seconds, finds. */
async function found(by: VersionSearch, seconds = 0.06): Promise<string | undefined> {
  let isWanted = true;
  const running = by.run(() => isWanted);
  await jest.advanceTimersByTimeAsync(seconds * 1_000);
  isWanted = false;
  await jest.advanceTimersByTimeAsync(5_000);
  return (await running)?.version.versionId;
}

test('a newer AWSCURRENT goes first: nothing else is read', async () => {
  refuse('a');
  expect(await found(search(1_000))).toBe('b');
  expect(secrets.reads).toEqual(['AWSCURRENT']);
});

test('then AWSPENDING', async () => {
  refuse('b');
  expect(await found(search(1_000))).toBe('c');
  expect(secrets.reads).toEqual(['AWSCURRENT', 'AWSPENDING']);
});

test('then, on a replica, AWSPREVIOUS', async () => {
  refuse('b');
  refuse('c');
  expect(await found(search(1_000))).toBe('a');
  expect(secrets.reads).toEqual(['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']);
});

test('AWSPREVIOUS is not even read where AWSCURRENT was refused with 28000', async () => {
  refuse('b', '28000');
  refuse('c');
  expect(await found(search(1_000))).toBeUndefined();
  expect(secrets.reads).not.toContain('AWSPREVIOUS');
});

test('a refused AWSPREVIOUS is not used', async () => {
  for (const id of ['a', 'b', 'c']) refuse(id);
  expect(await found(search(1_000))).toBeUndefined();
});

test('when every version was refused, one of them is tried once more', async () => {
  refuse('b');
  refuse('c');
  expect(await found(search(), 10)).toBe('b');
});

test('a version that cannot be read is said, and the next one is tried', async () => {
  const by = search();
  secrets.stages.AWSCURRENT = () => Promise.reject(sdkError('InternalServiceError'));
  expect(await found(by)).toBe('c');
  expect(by.unreadable?.message).toContain('cannot read AWSCURRENT');
  secrets.stages.AWSCURRENT = version('b');
  expect(await found(by)).toBe('b');
  expect(by.unreadable).toBeUndefined();
});

test('it ends when nobody wants a version any more, and reads ever more seldom before', async () => {
  secrets.stages = { AWSCURRENT: version('b') };
  refuse('b');
  jest.spyOn(refusals, 'retry').mockReturnValue(undefined);
  expect(await found(search(), 60)).toBeUndefined();
  const rounds = secrets.reads.filter(stage => stage === 'AWSCURRENT').length;
  expect(rounds).toBeGreaterThan(60 / 2);
  expect(rounds).toBeLessThan(100);
});
