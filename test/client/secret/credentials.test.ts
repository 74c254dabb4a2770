import { inspect } from 'node:util';
import type { SecretVersion } from '../../../client/src/secret/secret-reader';
import { SECRET, sdkError, StubSecretsManager, version } from '../support/stub';

const MINUTE = 60_000;
const TTL = 5 * MINUTE;
let secrets: StubSecretsManager;
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
  secrets = new StubSecretsManager();
});
afterEach(() => {
  jest.useRealTimers();
});

const hangs = () => new Promise<never>(() => {});
const fails = () => Promise.reject(sdkError('InternalServiceError'));

test('fifty callers at once cost one read, and those after them none', async () => {
  const source = secrets.source();
  const versions = await Promise.all(Array.from({ length: 50 }, () => source.current()));
  expect(new Set(versions).size).toBe(1);
  expect(await source.current()).toBe(source.latest);
  expect(secrets.reads).toEqual(['AWSCURRENT']);
});

test('a value whose time is over is served while it is read again, once', async () => {
  const source = secrets.source();
  await source.current();
  secrets.stages.AWSCURRENT = version('b');
  await jest.advanceTimersByTimeAsync(TTL);
  const changed: SecretVersion[] = [];
  source.on('version', found => changed.push(found));
  for (let caller = 0; caller < 50; caller++) expect(source.latest?.versionId).toBe('a');
  expect((await source.current()).versionId).toBe('a');
  await jest.advanceTimersByTimeAsync(0);
  expect(changed).toMatchObject([{ versionId: 'b' }]);
  expect(source.latest?.versionId).toBe('b');
  expect(secrets.reads).toHaveLength(2);
});

test('the same version stays the same object, and is no event', async () => {
  const source = secrets.source();
  const first = await source.current();
  source.on('version', () => {
    throw new Error('no new version');
  });
  expect(await source.refresh()).toMatchObject({ versionId: 'a' });
  expect(source.latest).toBe(first);
});

test('under steady use there is one read per TTL, which is jittered downwards by a fifth at most', async () => {
  const ttls = 50;
  const source = secrets.source();
  await source.current();
  for (let passed = 0; passed < ttls * TTL; passed += TTL / 100) {
    await jest.advanceTimersByTimeAsync(TTL / 100);
    void source.latest;
  }
  expect(secrets.reads.length).toBeGreaterThan(ttls + 1); // not all at the whole TTL
  expect(secrets.reads.length).toBeLessThanOrEqual(1 + ttls / 0.8);
});

test('of several TTLs the shortest is used', async () => {
  const source = secrets.source({ ttlMillis: 2 * MINUTE });
  source.limitTtl(MINUTE);
  source.limitTtl(TTL);
  await source.current();
  await jest.advanceTimersByTimeAsync(MINUTE);
  void source.latest;
  await jest.advanceTimersByTimeAsync(0);
  expect(secrets.reads).toHaveLength(2);
});

test('nobody asks, nothing is read', async () => {
  await secrets.source().current();
  await jest.advanceTimersByTimeAsync(100 * TTL);
  expect(secrets.reads).toHaveLength(1);
});

test(
  'processes that hear of a new version together read it at different times, each once and within two ' + 'seconds',
  async () => {
    const sources = Array.from({ length: 20 }, () => secrets.source());
    await Promise.all(sources.map(source => source.current()));
    secrets.reads.length = 0;
    for (const source of sources) source.invalidate();
    const reads: number[] = [];
    for (let passed = 0; passed < 2_000; passed += 100) {
      await jest.advanceTimersByTimeAsync(100);
      reads.push(secrets.reads.length);
      // whoever hears of it again and again, reads all the same
      for (const source of sources) if (passed < 1_000) source.invalidate();
    }
    expect(reads[4]).toBeGreaterThan(0);
    expect(reads[4]).toBeLessThan(20);
    expect(reads.at(-1)).toBeGreaterThanOrEqual(20);
  },
);

describe('before a login', () => {
  test(
    'after a freeze, in which timers stand still, the clock shows that the value is old, and it ' + 'is read',
    async () => {
      const source = secrets.source();
      await source.current();
      secrets.stages.AWSCURRENT = version('b');
      jest.setSystemTime(Date.now() + 60 * MINUTE);
      expect(source.latest?.versionId).toBe('a');
      await source.beforeLogin();
      expect(source.latest?.versionId).toBe('b');
    },
  );

  test('half a second is the longest that it waits for that', async () => {
    const source = secrets.source();
    await source.current();
    secrets.stages.AWSCURRENT = hangs;
    jest.setSystemTime(Date.now() + 60 * MINUTE);
    const waited = jest.fn();
    void source.beforeLogin().then(waited);
    await jest.advanceTimersByTimeAsync(499);
    expect(waited).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(waited).toHaveBeenCalled();
    expect(source.latest?.versionId).toBe('a');
  });

  test('while the timers run nobody waits, also when Secrets Manager hangs', async () => {
    const source = secrets.source();
    await source.current();
    secrets.stages.AWSCURRENT = hangs;
    for (let passed = 0; passed < 3 * TTL; passed += 1_000) {
      await jest.advanceTimersByTimeAsync(1_000);
      void source.latest;
      await source.beforeLogin(); // would need the clock to move
    }
    expect(secrets.reads.length).toBeGreaterThan(2);
  });

  test('a first read that hangs is waited for until the deadline', async () => {
    secrets.stages.AWSCURRENT = hangs;
    const waited = jest.fn();
    void secrets
      .source()
      .beforeLogin(performance.now() + 100)
      .then(waited);
    await jest.advanceTimersByTimeAsync(100);
    expect(waited).toHaveBeenCalled();
  });
});

describe('Secrets Manager is out', () => {
  test(
    'for longer than the TTL: what was read is served on, said, and asked for again ever more seldom, ' +
      'until it is back',
    async () => {
      const source = secrets.source();
      await source.current();
      const errors: Error[] = [];
      source.on('refreshFailed', error => errors.push(error));
      secrets.stages.AWSCURRENT = fails;
      for (let passed = 0; passed < 10 * TTL; passed += 500) {
        await jest.advanceTimersByTimeAsync(500);
        expect(source.latest?.versionId).toBe('a');
      }
      expect(errors[0]).toMatchObject({
        code: 'SecretsManager',
        message: expect.stringContaining(SECRET),
        cause: { name: 'InternalServiceError' },
      });
      expect(errors.length).toBeGreaterThan(45); // at least once in a minute
      expect(errors.length).toBeLessThan(100);

      secrets.stages.AWSCURRENT = version('b');
      for (let passed = 0; passed < 60; passed++) {
        await jest.advanceTimersByTimeAsync(1_000);
        void source.latest;
      }
      expect(source.latest?.versionId).toBe('b');
    },
  );

  test('at the start: every caller gets a typed error, and the next one asks again', async () => {
    secrets.stages.AWSCURRENT = fails;
    const source = secrets.source();
    for (const { reason } of (await Promise.allSettled([
      source.current(),
      source.current(),
    ])) as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'SecretsManager' });
    }
    secrets.stages.AWSCURRENT = version('a');
    expect((await source.current()).versionId).toBe('a');
  });

  test('and hangs: a read ends after five seconds, also where the SDK has no end', async () => {
    secrets.stages.AWSCURRENT = hangs;
    const reading = expect(secrets.source().refresh()).rejects.toMatchObject({
      code: 'SecretsManager',
      message: expect.stringContaining('no answer'),
    });
    await jest.advanceTimersByTimeAsync(5_000);
    await reading;
  });
});

describe('a read that is refused says what to allow', () => {
  const user = 'User: arn:aws:sts::111122223333:assumed-role/KMS-Reader/x';

  test('of the secret', async () => {
    const cause = sdkError(
      'AccessDeniedException',
      `${user} is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SECRET}`,
    );
    secrets.stages.AWSCURRENT = () => Promise.reject(cause);
    await expect(secrets.source().current()).rejects.toMatchObject({
      code: 'SecretsManager',
      cause,
      message: expect.stringContaining(`allow secretsmanager:GetSecretValue on ${SECRET}`),
    });
  });

  const kms = sdkError('AccessDeniedException', 'Access to KMS is not allowed');
  test('of the key, by its ARN', async () => {
    const key = 'arn:aws:kms:eu-west-1:111122223333:key/1';
    secrets.stages.AWSCURRENT = () => Promise.reject(kms);
    secrets.described = () => ({ KmsKeyId: key });
    await expect(secrets.source().current()).rejects.toMatchObject({
      code: 'SecretsManager',
      cause: kms,
      message: expect.stringContaining(`allow kms:Decrypt on the key ${key}`),
    });
  });

  test('of the key, where not even its name may be known', async () => {
    secrets.stages.AWSCURRENT = () => Promise.reject(kms);
    secrets.described = () => {
      throw sdkError('AccessDeniedException');
    };
    await expect(secrets.source().current()).rejects.toMatchObject({
      message: expect.stringContaining('kms:Decrypt on the key of the secret'),
    });
  });
});

test.each([
  ['is not JSON', 'my-password'],
  ['field "host" is missing', '{"username":"app","password":"my-password"}'],
  ['field "port" must be a whole number', '{"host":"db","port":"abc","username":"app","password":"my-password"}'],
])('a value that %s is a typed error that does not quote it', async (reason, text) => {
  secrets.stages.AWSCURRENT = version('a', text);
  const error: Error = await secrets
    .source()
    .current()
    .then(
      () => {
        throw new Error('was read');
      },
      caught => caught,
    );
  expect(error).toMatchObject({ code: 'InvalidSecret', message: expect.stringContaining(reason) });
  expect(inspect(error, { depth: 20 })).not.toContain('my-password');
});

test('nothing of it shows the secret', async () => {
  const source = secrets.source();
  await source.current();
  expect(inspect(source, { depth: 20, showHidden: true })).not.toContain('password-of-a');
  expect(JSON.stringify(source)).not.toContain('password-of-a');
});
