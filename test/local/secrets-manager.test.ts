import { randomUUID } from 'node:crypto';
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { ServiceError } from './secret';
import { LocalSecretsManager, SecretsManagerOptions, startSecretsManager } from './secrets-manager';

const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:rotation';
const options: { -readonly [K in keyof SecretsManagerOptions]: SecretsManagerOptions[K] } = {};
let manager: LocalSecretsManager;
let arn: string;
let first: string;

beforeAll(async () => {
  manager = await startSecretsManager(options);
});
afterAll(() => manager.stop());
beforeEach(async () => {
  for (const key of Object.keys(options) as (keyof SecretsManagerOptions)[]) delete options[key];
  first = randomUUID();
  const made = await manager.client.send(
    new CreateSecretCommand({ Name: `app/${first}`, SecretString: 'one', ClientRequestToken: first }),
  );
  arn = made.ARN ?? '';
});

const read = async (VersionStage?: string, VersionId?: string) =>
  manager.client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage, VersionId }));
const put = async (ClientRequestToken: string, SecretString: string, ...VersionStages: string[]) =>
  manager.client.send(new PutSecretValueCommand({ SecretId: arn, ClientRequestToken, SecretString, VersionStages }));
const move = async (VersionStage: string, MoveToVersionId?: string, RemoveFromVersionId?: string) =>
  manager.client.send(
    new UpdateSecretVersionStageCommand({ SecretId: arn, VersionStage, MoveToVersionId, RemoveFromVersionId }),
  );
const describeSecret = async () => manager.client.send(new DescribeSecretCommand({ SecretId: arn }));
const stages = async () => (await describeSecret()).VersionIdsToStages;

describe('reading a version', () => {
  test('finds a secret by name, ARN and ARN without suffix, and no other', async () => {
    expect(arn).toMatch(/^arn:aws:secretsmanager:us-east-1:111122223333:secret:app\/.*-\w{6}$/);
    for (const SecretId of [arn, `app/${first}`, arn.slice(0, -7)]) {
      expect(await manager.client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({
        SecretString: 'one',
        VersionStages: ['AWSCURRENT'],
      });
    }
    await expect(manager.client.send(new GetSecretValueCommand({ SecretId: 'app' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('version id and label must agree', async () => {
    const second = randomUUID();
    await put(second, 'two', 'AWSPENDING');
    expect(await read('AWSPENDING', second)).toMatchObject({ SecretString: 'two' });
    await expect(read('AWSCURRENT', second)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  test('a version that lost its labels is readable by its id, and listed only as deprecated', async () => {
    const [second, third] = [randomUUID(), randomUUID()];
    await put(second, 'two', 'AWSCURRENT');
    await put(third, 'three', 'AWSCURRENT');
    expect(await read(undefined, first)).toMatchObject({ SecretString: 'one', VersionStages: [] });
    const list = async (IncludeDeprecated: boolean) =>
      (await manager.client.send(new ListSecretVersionIdsCommand({ SecretId: arn, IncludeDeprecated }))).Versions?.map(
        version => version.VersionId,
      );
    expect(await list(false)).toEqual([second, third]);
    expect(await list(true)).toEqual([first, second, third]);
    expect(await stages()).toEqual({ [second]: ['AWSPREVIOUS'], [third]: ['AWSCURRENT'] });
  });

  test('a deleted secret is refused', async () => {
    await manager.client.send(new DeleteSecretCommand({ SecretId: arn, RecoveryWindowInDays: 7 }));
    await expect(read()).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining('marked for deletion'),
    });
  });
});

describe('writing a version', () => {
  test('the same token with the same data changes nothing, with other data it fails', async () => {
    const token = randomUUID();
    await put(token, 'two', 'AWSPENDING');
    await put(token, 'two', 'AWSCURRENT');
    expect(await stages()).toEqual({ [first]: ['AWSCURRENT'], [token]: ['AWSPENDING'] });
    await expect(put(token, 'three', 'AWSPENDING')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('a token has 32 to 64 characters', async () => {
    await expect(put('x'.repeat(31), 'two', 'AWSPENDING')).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(put('x'.repeat(65), 'two', 'AWSPENDING')).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await put('x'.repeat(32), 'two', 'AWSPENDING');
  });

  test('AWSCURRENT is the label if none is given', async () => {
    const second = await manager.client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: 'two' }));
    expect(await stages()).toEqual({ [first]: ['AWSPREVIOUS'], [second.VersionId ?? '']: ['AWSCURRENT'] });
  });
});

describe('moving a label', () => {
  test('AWSCURRENT takes AWSPREVIOUS along', async () => {
    const second = randomUUID();
    await put(second, 'two', 'AWSPENDING');
    await move('AWSCURRENT', second, first);
    expect(await stages()).toEqual({ [first]: ['AWSPREVIOUS'], [second]: ['AWSPENDING', 'AWSCURRENT'] });
    await move('AWSCURRENT', first, second);
    expect(await stages()).toEqual({ [first]: ['AWSCURRENT'], [second]: ['AWSPENDING', 'AWSPREVIOUS'] });
  });

  test('its holder must be named', async () => {
    const second = randomUUID();
    await put(second, 'two', 'AWSPENDING');
    await expect(move('AWSCURRENT', second)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(move('AWSCURRENT', second, second)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(move('AWSCURRENT', undefined, first)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(move('AWSCURRENT', randomUUID(), first)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await move('AWSPENDING', undefined, second);
    expect(await stages()).toEqual({ [first]: ['AWSCURRENT'] });
  });
});

describe('rotating', () => {
  /** A rotation function that does what its test says at a step, and else what is right. */
  const rotate = (
    deviations: Partial<
      Record<SecretsManagerRotationEvent['Step'], (event: SecretsManagerRotationEvent) => Promise<unknown>>
    > = {},
  ) => {
    const seen: SecretsManagerRotationEvent[] = [];
    options.invoke = async event => {
      seen.push(event);
      const deviation = deviations[event.Step];
      if (deviation) await deviation(event);
      else if (event.Step === 'createSecret') await put(event.ClientRequestToken, 'two', 'AWSPENDING');
      else if (event.Step === 'finishSecret') await move('AWSCURRENT', event.ClientRequestToken, first);
    };
    return seen;
  };

  test('invokes the four steps in order, and AWSPENDING has no value at the first', async () => {
    const token = randomUUID();
    const seen = rotate({
      createSecret: async () => {
        expect(await stages()).toEqual({ [first]: ['AWSCURRENT'], [token]: ['AWSPENDING'] });
        await expect(read('AWSPENDING', token)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
        await put(token, 'two', 'AWSPENDING');
      },
    });
    expect(await manager.rotate(arn, { token })).toEqual({ token, ok: true, attempts: 1 });
    expect(seen).toEqual(
      ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map(Step => ({
        Step,
        SecretId: arn,
        ClientRequestToken: token,
      })),
    );
    expect(await read()).toMatchObject({ VersionId: token, SecretString: 'two' });
    expect(await describeSecret()).toMatchObject({
      RotationEnabled: true,
      RotationLambdaARN: FUNCTION,
      LastRotatedDate: expect.any(Date),
    });
  });

  test('stops at the step that fails, and refuses the next rotation', async () => {
    const seen = rotate({ setSecret: async () => Promise.reject(new Error('no database')) });
    expect(await manager.rotate(arn)).toMatchObject({
      ok: false,
      step: 'setSecret',
      error: { message: 'no database' },
    });
    expect(seen).toHaveLength(2);
    await expect(manager.client.send(new RotateSecretCommand({ SecretId: arn }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining("A previous rotation isn't complete"),
    });
  });

  test('tries the entire rotation again with the same token', async () => {
    let failures = 1;
    const seen = rotate({
      testSecret: async () => {
        if (failures--) throw new Error('once');
      },
    });
    const result = await manager.rotate(arn, { attempts: 2 });
    expect(result).toMatchObject({ ok: true, attempts: 2 });
    expect(seen.map(event => event.Step)).toEqual([
      'createSecret',
      'setSecret',
      'testSecret',
      'createSecret',
      'setSecret',
      'testSecret',
      'finishSecret',
    ]);
    expect(new Set(seen.map(event => event.ClientRequestToken))).toEqual(new Set([result.token]));
  });

  test('fails if AWSCURRENT has not moved at the end', async () => {
    rotate({ finishSecret: async () => undefined });
    expect(await manager.rotate(arn)).toMatchObject({ ok: false, step: 'finishSecret' });
  });

  test('without RotateImmediately runs testSecret alone, on the current value, and leaves no version', async () => {
    const seen = rotate({
      testSecret: async ({ ClientRequestToken }) =>
        expect(await read('AWSPENDING', ClientRequestToken)).toMatchObject({ SecretString: 'one' }),
    });
    await manager.client.send(
      new RotateSecretCommand({ SecretId: arn, RotationLambdaARN: FUNCTION, RotateImmediately: false }),
    );
    expect((await manager.settled()).at(-1)).toMatchObject({ ok: true });
    expect(seen.map(event => event.Step)).toEqual(['testSecret']);
    expect(await stages()).toEqual({ [first]: ['AWSCURRENT'] });
  });

  test('a value written by hand meanwhile abandons the rotation', async () => {
    const seen = rotate({
      setSecret: async () => {
        await put(randomUUID(), 'by hand', 'AWSCURRENT');
        throw new Error('AWSPENDING is gone');
      },
    });
    expect(await manager.rotate(arn, { attempts: 2 })).toMatchObject({ ok: false, attempts: 1 });
    expect(seen).toHaveLength(2);
    expect(Object.values((await stages()) ?? {}).flat()).not.toContain('AWSPENDING');
  });

  test('a cancelled rotation goes no further and keeps its labels', async () => {
    rotate({ setSecret: async () => manager.client.send(new CancelRotateSecretCommand({ SecretId: arn })) });
    expect(await manager.rotate(arn)).toMatchObject({ ok: false, step: 'testSecret' });
    expect(await describeSecret()).toMatchObject({ RotationEnabled: false });
    expect(Object.values((await stages()) ?? {}).flat()).toContain('AWSPENDING');
  });
});

test('tags are set, replaced and taken away, and leave the versions alone', async () => {
  const before = await stages();
  const tag = async (Key: string, Value: string) =>
    manager.client.send(new TagResourceCommand({ SecretId: arn, Tags: [{ Key, Value }] }));
  const tags = async () => (await describeSecret()).Tags;
  await tag('team', 'orders');
  await tag('stage', 'test');
  await tag('team', 'reports');
  expect(await tags()).toEqual([
    { Key: 'team', Value: 'reports' },
    { Key: 'stage', Value: 'test' },
  ]);
  await manager.client.send(new UntagResourceCommand({ SecretId: arn, TagKeys: ['team'] }));
  expect(await tags()).toEqual([{ Key: 'stage', Value: 'test' }]);
  expect(await stages()).toEqual(before);
});

test.each([
  ["a key of AWS's own", 'aws:mine', 'x'],
  ['no key', '', 'x'],
  ['a long key', 'k'.repeat(129), 'x'],
  ['a long value', 'key', 'v'.repeat(257)],
  ['a quote', 'key', '"quoted"'],
  ['an exclamation mark', 'key', 'rds!db'],
])('a tag that AWS does not take is refused: %s', async (_, Key, Value) => {
  await expect(
    manager.client.send(new TagResourceCommand({ SecretId: arn, Tags: [{ Key, Value }] })),
  ).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('records each call without the value of the secret', async () => {
  const from = manager.calls.length;
  await put(randomUUID(), 'two-secret', 'AWSPENDING');
  expect(manager.calls.slice(from)).toMatchObject([
    { action: 'PutSecretValue', request: { SecretId: arn, VersionStages: ['AWSPENDING'] } },
  ]);
  expect(JSON.stringify(manager.calls)).not.toContain('two-secret');
});

test('a fault may be put before or after the effect of a call', async () => {
  const fault = () => {
    throw new ServiceError('AccessDeniedException', 'not allowed');
  };
  const [before, after] = [randomUUID(), randomUUID()];
  options.before = fault;
  await expect(put(before, 'two', 'AWSPENDING')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  delete options.before;
  options.after = fault;
  await expect(put(after, 'two', 'AWSPENDING')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  delete options.after;
  expect(await stages()).toEqual({ [first]: ['AWSCURRENT'], [after]: ['AWSPENDING'] });
});

test('random passwords have what is asked for', async () => {
  const { RandomPassword = '' } = await manager.client.send(
    new GetRandomPasswordCommand({ PasswordLength: 40, ExcludePunctuation: true, ExcludeCharacters: 'abc' }),
  );
  expect(RandomPassword).toMatch(/^[d-zA-Z0-9]{40}$/);
});
