import assert from 'node:assert/strict';
import { join } from 'node:path';
import { App, CfnOutput, Duration, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Checks } from './checks';
import { Credentials } from './credentials';
import { deploymentsOf, Template } from './deployment';
import { LocalCloud } from './local-cloud';
import { DatabaseSource, RotatingPostgres, RotatingPostgresProps, RotationStrategy } from '../../src';

interface Edit {
  readonly name: string;
  readonly props?: Partial<RotatingPostgresProps>;
  readonly more?: (db: RotatingPostgres) => void;
}

/** Without a rotation, so that a new password is this edit's doing. */
const rotateImmediately = false;

/**
 * What people change in an app that is deployed. Each is made to the app as it was, so that the next one also takes it
 * back.
 */
const EDITS: Edit[] = [
  { name: 'another schedule', props: { schedule: { automaticallyAfter: Duration.days(7), rotateImmediately } } },
  {
    name: 'other passwords, an earlier retirement',
    props: { rotation: { passwords: { length: 48 }, retireAfter: Duration.hours(1) } },
  },
  { name: 'single user', props: { strategy: RotationStrategy.SINGLE_USER } },
  { name: 'another key of the secrets', more: useAnotherKey },
  { name: 'other descriptions and tags', more: db => describe(db) },
  {
    name: 'another instance class',
    props: { database: DatabaseSource.instance({ instanceType: new ec2.InstanceType('t4g.large'), multiAz: false }) },
  },
  {
    name: 'a revocation function',
    more: db => {
      void db.revocationFunction;
    },
  },
];

/** The value of a secret survives every edit of the app: who made it has no copy, and the database knows no other. */
export async function checkState(checks: Checks, cloud: LocalCloud): Promise<void> {
  const credentials = new Credentials(cloud);
  const stack = (await deploymentsOf(cloud, app(cloud, { name: 'as it was' })))[0];
  let secrets: string[] = [];
  const deployed = await checks.check('deployment of an app that is edited later', async () => {
    await stack.create();
    const { SecretArn, AdminSecretArn } = await stack.outputs();
    secrets = [SecretArn, AdminSecretArn];
    for (const id of secrets) {
      await credentials.settled(id); // the test that a schedule begins with
      await credentials.rotate(id);
    }
  });
  if (!deployed) return;

  for (const edit of EDITS) {
    await checks.check(`the secrets' values survive an edit: ${edit.name}`, async () => {
      const before = await logins(credentials, secrets);
      const resources = await stateful(stack);
      await stack.update(await templateOf(cloud, edit));
      for (const id of secrets) await credentials.settled(id);
      assert.deepEqual(await stateful(stack), resources);
      assert.deepEqual(await logins(credentials, secrets), before);
    });
  }

  await checks.check("another name of a user is refused, and the secrets' values survive that", async () => {
    const [value, before] = [await credentials.value(secrets[0]), await logins(credentials, secrets)];
    await assert.rejects(
      stack.update(await templateOf(cloud, { name: 'another user name', props: { username: 'orders' } })),
      /UPDATE_ROLLBACK_COMPLETE/,
    );
    assert.deepEqual(await credentials.value(secrets[0]), value);
    assert.deepEqual(await logins(credentials, secrets), before);
  });
  await checks.check('after all edits the app can be destroyed', async () => stack.delete());
}

async function logins(credentials: Credentials, secrets: string[]): Promise<unknown[]> {
  return Promise.all(
    secrets.map(async id => {
      const value = await credentials.value(id);
      assert.ok(value.host && value.engine, 'host and engine are in the value');
      return { username: value.username, password: value.password, ...(await credentials.logIn(value)) };
    }),
  );
}

/** Physical ids of what cannot be made again. */
async function stateful(stack: { resources(type: string): Promise<Record<string, string>> }): Promise<unknown[]> {
  const types = ['AWS::SecretsManager::Secret', 'AWS::RDS::DBInstance'];
  return Promise.all(types.map(async type => stack.resources(type)));
}

async function templateOf(cloud: LocalCloud, edit: Edit): Promise<Template> {
  return (await deploymentsOf(cloud, app(cloud, edit)))[0].template;
}

function app(cloud: LocalCloud, { name, props, more }: Edit): App {
  const made = new App({ outdir: join(cloud.scratch, `state ${name}`) });
  const stack = new Stack(made, 'State');
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    natGateways: 0,
    subnetConfiguration: [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
  const db = new RotatingPostgres(stack, 'Orders', {
    vpc,
    removalPolicy: RemovalPolicy.DESTROY,
    schedule: { rotateImmediately },
    ...props,
  });
  new CfnOutput(stack, 'SecretArn', { value: db.secret.secretArn });
  new CfnOutput(stack, 'AdminSecretArn', { value: db.adminSecret.secretArn });
  more?.(db);
  return made;
}

function secretsOf(db: RotatingPostgres): secretsmanager.CfnSecret[] {
  return db.node.findAll().filter(construct => construct instanceof secretsmanager.CfnSecret);
}

/** Of the secrets alone: a database has the key that it was made with. */
function useAnotherKey(db: RotatingPostgres): void {
  const key = new kms.Key(db, 'AnotherKey', { removalPolicy: RemovalPolicy.DESTROY });
  for (const secret of secretsOf(db)) secret.kmsKeyId = key.keyArn;
}

function describe(db: RotatingPostgres): void {
  Tags.of(db).add('team', 'orders');
  for (const secret of secretsOf(db)) secret.description = 'Another description';
}
