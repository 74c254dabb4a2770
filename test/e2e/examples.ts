import assert from 'node:assert/strict';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { App } from 'aws-cdk-lib';
import { Checks } from './checks';
import { Credentials } from './credentials';
import { Deployment, deploymentsOf } from './deployment';
import { LocalCloud } from './local-cloud';
import { BindingTag } from '../../src/contract';

const EXAMPLES = join(__dirname, '..', '..', 'examples');

/** Those that the local cloud can play, beside the quickstart, which the CDK CLI deploys. */
const PLAYED = ['aurora', 'adopted-database', 'managed-master', 'shared-function', 'consumers'];

/** The stacks of an example that may be destroyed, in the order of their deployment. */
export async function example(cloud: LocalCloud, name: string): Promise<Deployment[]> {
  process.env.CDK_CONTEXT_JSON = JSON.stringify({ removalPolicy: 'destroy' });
  process.env.CDK_OUTDIR = join(cloud.scratch, name);
  try {
    const { app } = (await import(join(EXAMPLES, name, 'app'))) as { app: App };
    return await deploymentsOf(cloud, app);
  } finally {
    delete process.env.CDK_CONTEXT_JSON;
    delete process.env.CDK_OUTDIR;
  }
}

/** The life of each example: deployed, rotated, destroyed. */
export async function checkExamples(checks: Checks, cloud: LocalCloud): Promise<void> {
  for (const name of PLAYED) await checkLife(checks, cloud, new Credentials(cloud), name);
}

async function checkLife(checks: Checks, cloud: LocalCloud, credentials: Credentials, name: string): Promise<void> {
  const before = await cloud.account();
  let stacks: Deployment[] = [];
  const deployed = await checks.check(`deployment of examples/${name}`, async () => {
    stacks = await example(cloud, name);
    for (const stack of stacks) await stack.create();
  });
  if (!deployed) return;

  const secrets = await rotated(stacks);
  await checks.check(
    `examples/${name}: its ${secrets.length} rotated credentials log in, before and after one more rotation`,
    async () => {
      assert.ok(secrets.length > 0, 'nothing is rotated');
      for (const secret of secrets) await credentials.settled(secret);
      for (const secret of secrets) await rotateAndLogIn(credentials, secret);
    },
  );

  const wired = await functionsOf(stacks, /^(Orders|Cleanup)Function/);
  if (wired.length > 0) {
    await checks.check(`examples/${name}: its wired functions reach Secrets Manager and the database`, async () => {
      const client = new LambdaClient(cloud.client);
      for (const FunctionName of wired) {
        const { FunctionError, Payload } = await client.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
        assert.equal(FunctionError, undefined, Payload?.transformToString());
      }
    });
  }

  const { AdminSecretArn: admin } = await stacks[0].outputs();
  if (admin && !secrets.includes(admin)) {
    await checks.check(
      `examples/${name}: the admin's password, which RDS rotates, and after that the application's`,
      async () => {
        await rotateManaged(credentials, admin, secrets[0]);
      },
    );
  }

  await checks.check(`destruction of examples/${name} leaves nothing`, async () => {
    for (const stack of stacks.reverse()) await stack.delete();
    const logs = wired.map(group => `logs logGroups:/aws/lambda/${group}`); // which Lambda makes where an app does not
    assert.deepEqual((await cloud.account()).resources, [...before.resources, ...logs].sort());
  });
}

/**
 * What a consumer sees: the current credential logs in, and so does the next; the last one goes on with alternating
 * users.
 */
async function rotateAndLogIn(credentials: Credentials, secret: string): Promise<void> {
  const old = await credentials.value(secret);
  const { [BindingTag.STRATEGY]: strategy, [BindingTag.USERNAME]: username = old.username } =
    await credentials.tags(secret);
  assert.equal((await credentials.logIn(old)).role, username);
  const version = await credentials.rotate(secret);
  assert.equal((await credentials.labels(secret)).AWSCURRENT, version);
  assert.equal((await credentials.logIn(await credentials.value(secret))).role, username);
  if (strategy === 'alternating') await credentials.logIn(old);
  else await assert.rejects(credentials.logIn(old), { code: '28P01' });
}

/** A secret of RDS has no host; it rotates without a function. */
async function rotateManaged(credentials: Credentials, admin: string, secret: string): Promise<void> {
  const server = await credentials.value(secret);
  const old = await credentials.value(admin);
  await credentials.rotate(admin);
  const { username, password } = await credentials.value(admin);
  assert.equal((await credentials.logIn({ ...server, username, password })).login, username);
  await assert.rejects(credentials.logIn({ ...server, username, password: old.password }), { code: '28P01' });
  await rotateAndLogIn(credentials, secret);
}

/** Functions of the app's own, by their logical ids. */
async function functionsOf(stacks: Deployment[], named: RegExp): Promise<string[]> {
  const all = await Promise.all(stacks.map(async stack => stack.resources('AWS::Lambda::Function')));
  return all.flatMap(ids =>
    Object.entries(ids)
      .filter(([id]) => named.test(id))
      .map(([, physicalId]) => physicalId),
  );
}

/** The secrets that have a schedule. */
async function rotated(stacks: Deployment[]): Promise<string[]> {
  const all = await Promise.all(stacks.map(async stack => stack.resources('AWS::SecretsManager::RotationSchedule')));
  return all.flatMap(ids => Object.values(ids));
}
