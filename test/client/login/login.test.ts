import { Login, type LoginOptions } from '../../../client/src/login/login';
import { sdkError, StubSecretsManager, version } from '../support/stub';

const BUDGET = 15_000;
let secrets: StubSecretsManager;
/** What PostgreSQL says to the password of each version: an SQLSTATE, or that it is welcome. */
let postgres: Record<string, string | undefined>;
let attempts: string[];
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  secrets = new StubSecretsManager();
  postgres = {};
  attempts = [];
});
afterEach(() => {
  jest.useRealTimers();
});

const login = (options?: LoginOptions) => new Login(secrets.source(), options);
const refusal = (code: string) => Object.assign(new Error(`refused with ${code}`), { code });

/** A caller, as the pool is one. Resolves to the version that was welcome. */
async function logIn(by: Login, millis = BUDGET): Promise<string> {
  const until = performance.now() + millis;
  for (;;) {
    await by.admission(until);
    const tried = by.version!;
    if (!by.mayTry(tried)) continue;
    by.begins(tried);
    attempts.push(tried.versionId);
    await new Promise(resolve => setTimeout(resolve, 10));
    const code = postgres[tried.versionId];
    if (!code) {
      by.accepted(tried);
      return tried.versionId;
    }
    by.refused(tried, refusal(code));
  }
}

/** Runs the clock until it is settled. */
async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  let result: PromiseSettledResult<T> | undefined;
  void Promise.allSettled([promise]).then(([settledResult]) => {
    result = settledResult;
  });
  while (!result) await jest.advanceTimersByTimeAsync(10);
  return result;
}
const value = async <T>(promise: Promise<T>) => {
  const result = await settled(promise);
  if (result.status === 'rejected') throw result.reason;
  return result.value;
};

async function givenUp(by: Login): Promise<void> {
  while (!by.isGivenUp) await value(Promise.allSettled([logIn(by, BUDGET + 1_000)]));
}

/** Twenty callers every half second; how long each round took. */
async function tenMinutes(by: Login): Promise<{ took: number }[]> {
  attempts = [];
  const rounds = [];
  for (const end = performance.now() + 10 * 60_000; performance.now() < end; await jest.advanceTimersByTimeAsync(500)) {
    const begun = performance.now();
    await value(Promise.allSettled(Array.from({ length: 20 }, () => logIn(by))));
    rounds.push({ took: performance.now() - begun });
  }
  return rounds;
}

test('AWSCURRENT is read again first, then AWSPENDING, and what was found is remembered', async () => {
  postgres.a = '28P01';
  secrets.stages.AWSPENDING = version('b');
  const by = login();
  expect(await value(logIn(by))).toBe('b');
  expect(secrets.reads).toEqual(['AWSCURRENT', 'AWSCURRENT', 'AWSPENDING']);
  expect(await value(logIn(by))).toBe('b');
  expect(secrets.reads).toHaveLength(3);
  expect(by.counters).toEqual({ logins: 2, refusedLogins: 1, searches: 1 });
});

test('a hundred callers cause one search, and the version that it finds is tried by one of them first', async () => {
  const by = login();
  await value(logIn(by));
  postgres.a = '28P01';
  secrets.stages.AWSPENDING = version('b');
  const callers = Promise.all(Array.from({ length: 100 }, () => logIn(by)));
  while (!attempts.includes('b')) await jest.advanceTimersByTimeAsync(1);
  await jest.advanceTimersByTimeAsync(8); // its login takes ten
  expect(attempts.filter(tried => tried === 'b')).toEqual(['b']);
  expect(new Set(await value(callers))).toEqual(new Set(['b']));
  expect(by.counters.searches).toBe(1);
});

test('a login that hangs does not hold up a version that is newer', async () => {
  const by = login();
  await by.admission(Infinity);
  by.begins(by.version!); // and no more is heard of it
  const waiting = logIn(by);
  await jest.advanceTimersByTimeAsync(100);
  expect(attempts).toEqual([]);
  expect(await value(waiting)).toBe('a'); // after a while another tries

  const other = login();
  await other.admission(Infinity);
  other.begins(other.version!);
  const source = secrets.source();
  const following = new Login(source);
  await following.admission(Infinity);
  following.begins(following.version!);
  secrets.stages.AWSCURRENT = version('b');
  await source.refresh();
  await following.admission(performance.now() + 1); // at once
  expect(following.version?.versionId).toBe('b');
});

describe('AWSPREVIOUS', () => {
  beforeEach(() => {
    secrets.stages = { AWSCURRENT: version('b'), AWSPREVIOUS: version('a') };
    postgres.b = '28P01';
  });

  test('is not tried where no replica was declared', async () => {
    expect(await settled(logIn(login()))).toMatchObject({ status: 'rejected', reason: { code: 'Authentication' } });
    expect(secrets.reads).not.toContain('AWSPREVIOUS');
  });

  test('is used on a replica until that has caught up', async () => {
    const by = login({ replicaLagMillis: 2_000 });
    expect(await value(logIn(by))).toBe('a');
    postgres = { a: '28P01' };
    expect(await value(logIn(by))).toBe('b');
    expect(await value(logIn(by))).toBe('b');
  });

  test('is left after the lag also where it still works', async () => {
    const by = login({ replicaLagMillis: 2_000 });
    expect(await value(logIn(by))).toBe('a');
    postgres = {};
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await value(logIn(by))).toBe('b');
  });

  test('is not used for longer than the lag, although AWSCURRENT is still refused', async () => {
    const by = login({ replicaLagMillis: 2_000 });
    await value(logIn(by));
    await jest.advanceTimersByTimeAsync(2_000);
    expect(await settled(logIn(by))).toMatchObject({ status: 'rejected', reason: { code: 'Authentication' } });
  });

  test('is not tried after 28000: that login was disabled on purpose', async () => {
    postgres.b = '28000';
    expect(await settled(logIn(login({ replicaLagMillis: 2_000 })))).toMatchObject({
      status: 'rejected',
      reason: { cause: { code: '28000' } },
    });
    expect(attempts).not.toContain('a');
  });
});

describe('every version is refused', () => {
  beforeEach(() => {
    secrets.stages.AWSPENDING = version('b');
    postgres = { a: '28P01', b: '28P01' };
  });

  test('for the budget it is searched, then the caller gets a typed error with its cause', async () => {
    const begun = performance.now();
    expect(await settled(logIn(login(), Infinity))).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'Authentication',
        cause: { code: '28P01' },
        message: expect.stringMatching(/db\.example\.com refuses every version/),
      },
    });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(BUDGET);
    expect(performance.now() - begun).toBeLessThan(BUDGET + 10_000);
    expect(attempts).toEqual(['a', 'b', 'a']);
  });

  test('the error says what could not be read, too', async () => {
    secrets.stages.AWSPENDING = () => Promise.reject(sdkError('AccessDeniedException'));
    expect(await settled(logIn(login()))).toMatchObject({
      reason: {
        message: expect.stringMatching(/refused with 28P01; cannot read AWSPENDING/),
        cause: { code: '28P01' },
      },
    });
  });

  test('a caller with less time gets it when that is over', async () => {
    const begun = performance.now();
    expect(await settled(logIn(login(), 300))).toMatchObject({ reason: { code: 'Authentication' } });
    expect(performance.now() - begun).toBeLessThan(400);
  });

  test(
    'then callers hear of it at once, it is said once, and no more than three logins in a minute ' + 'are tried',
    async () => {
      const by = login();
      const said: Error[] = [];
      by.onGivenUp = error => said.push(error);
      await givenUp(by);
      const rounds = await tenMinutes(by);
      expect(rounds.filter(({ took }) => took < 50).length).toBeGreaterThan(0.9 * rounds.length);
      expect(attempts.length).toBeLessThanOrEqual(30);
      expect(attempts.length).toBeGreaterThan(20);
      expect(new Set(attempts)).toEqual(new Set(['a', 'b'])); // either may be the one
      expect(said).toHaveLength(1);
    },
  );

  test('a login that was welcome before is tried once more by one caller, not by all', async () => {
    postgres.a = undefined;
    const by = login();
    await value(logIn(by));
    postgres.a = '28P01';
    await givenUp(by);
    await tenMinutes(by);
    expect(attempts.length).toBeLessThanOrEqual(30);
  });

  test('it ends by itself when PostgreSQL welcomes one again', async () => {
    const by = login();
    await givenUp(by);
    postgres.a = undefined;
    const begun = performance.now();
    while ((await settled(logIn(by))).status === 'rejected') await jest.advanceTimersByTimeAsync(1_000);
    expect(performance.now() - begun).toBeLessThan(60_000);
    expect(by.isGivenUp).toBe(false);
  });

  test('it ends at once with a version that is new', async () => {
    const source = secrets.source();
    const by = new Login(source);
    await givenUp(by);
    secrets.stages.AWSCURRENT = version('c');
    await source.refresh();
    expect(by.isGivenUp).toBe(false);
    const begun = performance.now();
    expect(await value(logIn(by))).toBe('c');
    expect(performance.now() - begun).toBeLessThan(50);
  });
});

test('a refusal that is heard late does not count against the budget of the next rotation', async () => {
  secrets.stages.AWSPENDING = version('b');
  postgres.a = '28P01';
  const source = secrets.source();
  const by = new Login(source);
  await source.current();
  const late = by.version!;
  by.begins(late); // a login that takes long
  by.refused(late, refusal('28P01'));
  expect(await value(logIn(by))).toBe('b');
  by.refused(late, refusal('28P01'));

  await jest.advanceTimersByTimeAsync(3_600_000);
  secrets.stages.AWSCURRENT = version('b');
  await source.refresh();
  postgres.b = '28P01';
  secrets.stages.AWSPENDING = undefined;
  const waiting = logIn(by);
  setTimeout(() => {
    secrets.stages.AWSPENDING = version('c');
  }, 5_000);
  expect(await value(waiting)).toBe('c');
});
