import { randomUUID } from 'node:crypto';
import {
  CancelRotateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { FirstRotationProperties } from '../../../src/contract';
import { type LocalCloudWatchLogs, startCloudWatchLogs } from '../../local/cloudwatch-logs';
import { type FunctionError, FunctionProcess } from '../../local/function-process';
import { ServiceError } from '../../local/secret';
import type { Call } from '../../local/secrets-manager';
import { type Rig, startRig } from '../support/rig';

const LOG_GROUP = 'the-rotation-function';

let rig: Rig;
let logs: LocalCloudWatchLogs;
let proof: FunctionProcess;
let before: (call: Call) => unknown = () => undefined;
beforeAll(async () => {
  rig = await startRig({ before: call => before(call) });
  logs = await startCloudWatchLogs(group => (group === LOG_GROUP ? rig.rotation.output.split('\n') : []));
  // Its clock stands still, so that what it waits for comes at once.
  proof = new FunctionProcess(
    'first-rotation',
    { ...rig.secrets.environment, ...logs.environment },
    60,
    'stands still',
  );
});
beforeEach(() => {
  before = () => undefined;
  logs.refuse = undefined;
  logs.requests.length = 0;
});
afterAll(async () => {
  await proof.stop();
  await logs.stop();
  await rig.stop();
});

type Properties = Partial<FirstRotationProperties>;
const properties = (secretArns: string[], timeoutSeconds = '20'): Properties => ({
  secretArns,
  logGroup: LOG_GROUP,
  timeoutSeconds,
});
const create = (given: Properties) =>
  proof.invoke({ RequestType: 'Create', ResourceProperties: { ServiceToken: 'arn', ...given } });

const failed = (given: Properties) =>
  create(given).then(
    () => {
      throw new Error('it did not fail');
    },
    (error: FunctionError) => error,
  );

/** The secret of a user that is in the database and was never rotated. */
const newUser = () => rig.createUser(`proved_${randomUUID().slice(0, 8)}`, { privileges: 'connect' });
/** A secret whose login no server knows, and what its rotation ended in. */
async function broken(): Promise<string> {
  const secret = await rig.createSecret(
    'nobody',
    rig.value({ username: rig.name('nobody'), password: `never-${randomUUID()}` }),
  );
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: false });
  return secret;
}
const descriptionsOf = (secret: string) =>
  rig.secrets.calls.filter(({ action, request }) => action === 'DescribeSecret' && request.SecretId === secret);

test('a deployment goes on when the first rotation of each secret has succeeded, and not before', async () => {
  const [first, second] = [await newUser(), await newUser()];
  await rig.secrets.rotate(first);
  let [arrive, open] = [() => {}, () => {}];
  const arrived = new Promise<void>(resolve => {
    arrive = resolve;
  });
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  const rotation = rig.secrets.rotate(second, {
    beforeStep: async step => {
      if (step !== 'testSecret') return;
      arrive();
      await opened;
    },
  });
  await arrived;
  let proved = false;
  // When it looks at the second one a second time, it has not gone on with the first alone; that look sees it rotated.
  let looks = 0;
  before = async ({ action, request }) => {
    if (action !== 'DescribeSecret' || request.SecretId !== second || ++looks !== 2) return;
    expect(proved).toBe(false);
    open();
    expect(await rotation).toMatchObject({ ok: true });
  };
  const proving = create(properties([first, second])).then(result => {
    proved = true;
    return result;
  });
  expect(await proving).toEqual({ PhysicalResourceId: `first-rotation/${LOG_GROUP}` });
  expect(logs.requests).toEqual([]);
});

test(
  'a deployment fails with the last error of the rotation function about the secret, its code and its ' +
    'words, and no password',
  async () => {
    const secret = await broken();
    const { password } = await rig.read(secret);
    const { message } = JSON.parse(
      rig.rotation.output
        .split('\n')
        .filter(line => line.includes(secret) && line.includes('"ERROR"'))
        .pop()!,
    ) as { message: string };
    const failure = await failed(properties([secret], '1'));
    expect(failure).toMatchObject({
      errorType: 'Authentication',
      errorMessage: expect.stringContaining(
        `the first rotation did not succeed within 1 s: ${secret}: its rotation to version`,
      ),
    });
    expect(failure.errorMessage).toContain(message);
    expect(failure.errorMessage).toContain(`The log group of the rotation function is ${LOG_GROUP}`);
    expect(`${failure.errorMessage}${proof.output}`).not.toContain(password);
  },
);

test('the error is told of the secret that is not rotated, not of another one', async () => {
  const [sound, other] = [await newUser(), await broken()];
  await rig.secrets.rotate(sound);
  const neverBegun = await newUser();
  const failure = await failed(properties([sound, neverBegun], '1'));
  expect(failure).toMatchObject({ errorType: 'Timeout' });
  expect(failure.errorMessage).toContain(`${neverBegun}: its rotation is switched off`);
  for (const arn of [sound, other]) expect(failure.errorMessage).not.toContain(arn);
});

test('a rotation that was cancelled, or failed after another one succeeded, is no proof', async () => {
  const secret = await newUser();
  await rig.secrets.rotate(secret);
  const token = randomUUID();
  await rig.secrets.rotate(secret, {
    token,
    beforeStep: () => {
      throw new Error('the function cannot be invoked');
    },
  });
  await rig.secrets.client.send(new CancelRotateSecretCommand({ SecretId: secret }));
  await expect(create(properties([secret], '1'))).rejects.toMatchObject({
    errorType: 'Timeout',
    errorMessage: expect.stringContaining(`its rotation to version ${token} has not ended`),
  });
});

test("AWSPENDING on the current version, where AWS's own functions leave it, is none that waits", async () => {
  const secret = await newUser();
  await rig.secrets.rotate(secret);
  const { VersionIdsToStages = {} } = await rig.secrets.client.send(new DescribeSecretCommand({ SecretId: secret }));
  const current = Object.keys(VersionIdsToStages).find(version => VersionIdsToStages[version].includes('AWSCURRENT'));
  await rig.secrets.client.send(
    new UpdateSecretVersionStageCommand({ SecretId: secret, VersionStage: 'AWSPENDING', MoveToVersionId: current }),
  );
  await expect(create(properties([secret], '1'))).resolves.toBeDefined();
});

test('a value that somebody wrote is no rotation', async () => {
  const secret = await newUser();
  const value = await rig.read(secret);
  await rig.secrets.client.send(
    new PutSecretValueCommand({ SecretId: secret, SecretString: JSON.stringify({ ...value, note: 'by hand' }) }),
  );
  await expect(create(properties([secret], '1'))).rejects.toMatchObject({ errorType: 'Timeout' });
});

test('an update proves the secrets that are new in the list only, and keeps the resource', async () => {
  const [old, added] = [await broken(), await newUser()];
  await rig.secrets.rotate(added);
  rig.secrets.calls.length = 0;
  const update = {
    RequestType: 'Update',
    PhysicalResourceId: 'as-it-is',
    ResourceProperties: properties([old, added]),
    OldResourceProperties: properties([old]),
  };
  expect(await proof.invoke(update)).toEqual({ PhysicalResourceId: 'as-it-is' });
  expect(descriptionsOf(old)).toEqual([]);
  expect(descriptionsOf(added)).toHaveLength(1);
});

test('a deletion looks at nothing', async () => {
  rig.secrets.calls.length = 0;
  const secret = await broken();
  rig.secrets.calls.length = 0;
  const result = await proof.invoke({
    RequestType: 'Delete',
    PhysicalResourceId: 'as-it-is',
    ResourceProperties: properties([secret]),
  });
  expect(result).toEqual({ PhysicalResourceId: 'as-it-is' });
  expect(rig.secrets.calls).toEqual([]);
});

test('a permission that takes effect later is waited for', async () => {
  const secret = await newUser();
  await rig.secrets.rotate(secret);
  let refused = 0;
  before = ({ action }) => {
    if (action === 'DescribeSecret' && refused++ < 1) throw new ServiceError('AccessDeniedException', 'not yet');
  };
  await expect(create(properties([secret]))).resolves.toBeDefined();
  expect(refused).toBe(2);
});

test('a log that cannot be read takes nothing from the failure but its cause', async () => {
  const secret = await broken();
  logs.refuse = 'AccessDeniedException';
  await expect(create(properties([secret], '1'))).rejects.toMatchObject({
    errorType: 'Timeout',
    errorMessage: expect.stringContaining(secret),
  });
  expect(logs.requests.length).toBeGreaterThan(0);
});

test('of many secrets a few are told in full, so that CloudFormation shows the end', async () => {
  const secrets = await Promise.all([1, 2, 3, 4, 5].map(() => rig.createSecret('idle', rig.value(rig.admin))));
  const failure = await failed(properties(secrets, '1'));
  expect(secrets.filter(secret => failure.errorMessage.includes(secret))).toHaveLength(3);
  expect(failure.errorMessage).toContain('and 2 more');
});

test.each([
  [{ RequestType: 'Read' }, 'RequestType is "Read"'],
  [{ RequestType: 'Create' }, 'property "secretArns" is not a list'],
  [{ RequestType: 'Create', ResourceProperties: { secretArns: [1] } }, 'property "secretArns" is not a list'],
  [{ RequestType: 'Create', ResourceProperties: { secretArns: [] } }, 'property "logGroup" is missing'],
  [
    { RequestType: 'Create', ResourceProperties: { secretArns: [], logGroup: 'a' } },
    'property "timeoutSeconds" is not a positive number',
  ],
])('%j is refused', async (event, message) => {
  await expect(proof.invoke(event)).rejects.toMatchObject({
    errorType: 'InvalidEvent',
    errorMessage: expect.stringContaining(message),
  });
});
