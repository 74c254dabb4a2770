import { randomUUID } from 'node:crypto';
import { Metric } from '../../../src/contract';
import { FUNCTION_ARN } from '../../local/function-arn';
import { FunctionProcess } from '../../local/function-process';
import { STEPS } from '../../local/rotation-run';
import { type Rig, startRig } from '../support/rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

type Line = Record<string, unknown>;
interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly string[][];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}

/** What a function wrote, all of it: the process is ended. The runtime's own line on an error is left out. */
async function linesOf(process: FunctionProcess): Promise<{ logged: Line[]; metrics: Line[] }> {
  await process.stop();
  const lines = process.output
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('Invoke Error'))
    .map(line => JSON.parse(line) as Line);
  process.output = '';
  return { logged: lines, metrics: lines.filter(line => '_aws' in line) };
}

/**
 * What CloudWatch asks of a record before it makes metrics of it, by the specification of the embedded metric format.
 */
function checkRecord(record: Line): void {
  const { Timestamp, CloudWatchMetrics, ...unknown } = record._aws as {
    Timestamp: number;
    CloudWatchMetrics: Directive[];
  };
  expect(unknown).toEqual({});
  expect(Number.isInteger(Timestamp) && Math.abs(Date.now() - Timestamp) < 60_000).toBe(true);
  expect(CloudWatchMetrics).toHaveLength(1);
  const [{ Namespace, Dimensions, Metrics, ...more }] = CloudWatchMetrics;
  expect(more).toEqual({});
  expect(Namespace).toMatch(/^[\w.#:/-]{1,255}$/);
  expect(Dimensions.length).toBeGreaterThan(0);
  for (const set of Dimensions) {
    expect(set.length).toBeGreaterThan(0);
    expect(set.length).toBeLessThanOrEqual(30);
    for (const dimension of set) expect(record[dimension]).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,1023}$/);
  }
  expect(Metrics.length).toBeGreaterThan(0);
  for (const { Name, Unit, ...rest } of Metrics) {
    expect(rest).toEqual({});
    expect(['Milliseconds', 'Count']).toContain(Unit);
    expect(Number.isFinite(record[Name])).toBe(true);
  }
}

const dimensionsOf = (record: Line) =>
  (record._aws as { CloudWatchMetrics: Directive[] }).CloudWatchMetrics[0].Dimensions;
const functionName = FUNCTION_ARN.split(':')[6];

test.each(['single', 'alternating'] as const)(
  'each step of a rotation writes one record of metrics (%s)',
  async strategy => {
    const secret = await rig.createUser(`metrics_${strategy}`, { strategy, privileges: 'connect' });
    await rig.secrets.rotate(secret);
    const { metrics } = await linesOf(rig.rotation);
    metrics.forEach(checkRecord);
    expect(metrics.map(({ Step }) => Step)).toEqual(STEPS);
    for (const record of metrics) {
      expect(record).toMatchObject({
        Succeeded: 1,
        Failed: 0,
        Duration: expect.any(Number),
        FunctionName: functionName,
        secretId: secret,
      });
      expect(record.Duration).toBeGreaterThan(0);
      expect(dimensionsOf(record)).toEqual([[Metric.FUNCTION_NAME, Metric.STEP]]);
      expect(record).not.toHaveProperty(Metric.CODE);
    }
  },
);

test('a failed step is counted by its code, and the secret is no dimension', async () => {
  const secret = await rig.createSecret('nobody', rig.value({ username: rig.name('nobody'), password: 'none-such' }));
  await rig.secrets.rotate(secret);
  const { logged, metrics } = await linesOf(rig.rotation);
  metrics.forEach(checkRecord);
  expect(metrics.map(({ Step, Failed, Code }) => ({ Step, Failed, Code }))).toEqual([
    { Step: 'createSecret', Failed: 0, Code: undefined },
    { Step: 'setSecret', Failed: 1, Code: 'Authentication' },
  ]);
  expect(dimensionsOf(metrics[1])).toEqual([
    [Metric.FUNCTION_NAME, Metric.STEP],
    [Metric.FUNCTION_NAME, Metric.CODE],
  ]);
  expect(logged).toContainEqual(
    expect.objectContaining({ level: 'ERROR', code: 'Authentication', step: 'setSecret', secretId: secret }),
  );
});

test("an event that is none of the function's is counted without a step", async () => {
  await expect(rig.rotation.invoke({ Step: `made-up-${randomUUID()}` })).rejects.toMatchObject({
    errorType: 'InvalidEvent',
  });
  const {
    metrics: [record, ...others],
  } = await linesOf(rig.rotation);
  expect(others).toEqual([]);
  checkRecord(record);
  expect(record).toMatchObject({ Failed: 1, Code: 'InvalidEvent' });
  expect(dimensionsOf(record)).toEqual([[Metric.FUNCTION_NAME, Metric.CODE]]);
});

test('the metrics are a line of their own where the runtime wraps what goes through the console', async () => {
  const wrapped = new FunctionProcess('rotation', {
    ...rig.secrets.environment,
    NODE_OPTIONS: `--require=${require.resolve('../../local/fixtures/lambda-console')}`,
  });
  await wrapped.invoke({}).catch(() => undefined);
  const { metrics } = await linesOf(wrapped);
  expect(metrics).toMatchObject([{ Code: 'InvalidEvent' }]);
});

test("the custom resource's function writes a record for each request", async () => {
  await linesOf(rig.databaseUser);
  const secret = await rig.createUser('requested', { privileges: 'connect' });
  await rig.databaseUser.invoke({ RequestType: 'Delete', PhysicalResourceId: 'local/requested' });
  const { logged, metrics } = await linesOf(rig.databaseUser);
  metrics.forEach(checkRecord);
  expect(metrics).toMatchObject([
    { Step: 'Create', Succeeded: 1, secretId: secret },
    { Step: 'Delete', Succeeded: 1 },
  ]);
  expect(logged).toMatchObject([
    { step: 'Create' },
    { step: 'Delete', message: 'the user stays in the database' },
    { step: 'Delete' },
  ]);
});

test(
  'every line of a log is JSON that says how grave it is, what happened, and in which invocation, to ' +
    'which secret, in which step',
  async () => {
    const secret = await rig.createUser('told', { strategy: 'single', privileges: 'connect' });
    const { token } = await rig.secrets.rotate(secret);
    await rig.rotation.invoke({ Step: 'finishSecret', SecretId: secret, ClientRequestToken: token });
    await rig.rotation
      .invoke({ Step: 'testSecret', SecretId: secret, ClientRequestToken: randomUUID() })
      .catch(() => undefined);
    const { logged, metrics } = await linesOf(rig.rotation);
    for (const line of logged) {
      expect(line).toMatchObject({
        level: expect.stringMatching(/^(INFO|WARN|ERROR)$/),
        message: expect.any(String),
        secretId: secret,
      });
      expect(STEPS).toContain(line.step);
      expect(new Date(line.timestamp as string).toISOString()).toBe(line.timestamp);
    }
    expect(new Set(logged.map(({ level }) => level))).toEqual(new Set(['INFO', 'ERROR']));
    expect(logged.map(({ message }) => message)).toContain('the rotation is already finished');
    const invocations = metrics.map(({ requestId }) => requestId);
    expect(new Set(invocations).size).toBe(6);
    for (const { requestId } of logged) expect(invocations).toContain(requestId);
  },
);

test.each(['single', 'alternating'] as const)(
  'no password is in any line, whether the rotation succeeds or not (%s)',
  async strategy => {
    const [initial, wrong] = [`initial-${randomUUID()}`, `wrong-${randomUUID()}`];
    const login = { username: rig.name(`discreet_${strategy}`), password: initial };
    await rig.inspect(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${initial}'`);
    await rig.inspect(`GRANT "${login.username}" TO "${rig.admin.username}" WITH ADMIN OPTION`);
    const secret = await rig.createSecret(
      'discreet',
      rig.value(login, strategy === 'alternating' ? { masterarn: rig.adminSecret } : {}),
    );
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    const broken = await rig.createSecret('broken', rig.value({ ...login, password: wrong }));
    expect(await rig.secrets.rotate(broken)).toMatchObject({ ok: false });

    const pending = await rig.read(broken, 'AWSPENDING');
    const passwords = [initial, wrong, rig.admin.password, (await rig.read(secret)).password, pending.password];
    await rig.rotation.stop();
    expect(rig.rotation.output).toContain('the step is done');
    for (const password of passwords) {
      for (const encoding of ['utf8', 'base64', 'hex'] as const) {
        expect(rig.rotation.output).not.toContain(Buffer.from(password).toString(encoding));
      }
    }
    rig.rotation.output = '';
  },
);
