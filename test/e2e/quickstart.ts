import assert from 'node:assert/strict';
import { join } from 'node:path';
import { CdkApp } from './cdk';
import { Checks } from './checks';
import { Credentials } from './credentials';
import { Account, LocalCloud } from './local-cloud';
import { BindingTag } from '../../src/contract';

export const QUICKSTART = join(__dirname, '..', '..', 'examples', 'quickstart');

/** The life of a quickstart that may be destroyed: deployed, rotated, deployed again, destroyed. */
export async function checkQuickstart(checks: Checks, cloud: LocalCloud, credentials: Credentials): Promise<void> {
  const app = new CdkApp(cloud, QUICKSTART, 'Quickstart', { removalPolicy: 'destroy' });
  const before = await cloud.account();
  const deployed = await checks.check('cdk deploy of the quickstart', async () => app.deploy());
  if (!deployed) return;
  const { SecretArn: secret, AdminSecretArn: admin, Host: host, Port: port } = app.outputs;

  await checks.check('deployment rotates both secrets', async () => {
    for (const id of [admin, secret]) {
      await credentials.settled(id);
      const [previous, current] = [await credentials.value(id, 'AWSPREVIOUS'), await credentials.value(id)];
      assert.notEqual(current.password, previous.password);
      await credentials.logIn(current);
    }
    assert.deepEqual(await credentials.logIn(await credentials.value(secret)), { login: 'app_clone', role: 'app' });
  });

  await checks.check('both secrets have the JSON shape of AWS', async () => {
    const { password: _, ...adminValue } = await credentials.value(admin);
    const { dbInstanceIdentifier } = adminValue;
    assert.ok(dbInstanceIdentifier);
    const shape = { engine: 'postgres', host, port: Number(port), dbname: 'app', dbInstanceIdentifier };
    assert.deepEqual(adminValue, { ...shape, username: 'postgres' });
    const { password: __, ...value } = await credentials.value(secret);
    assert.deepEqual(value, { ...shape, username: 'app_clone', masterarn: admin });
  });

  await checks.check('both secrets are bound by their tags', async () => {
    assert.deepEqual(await credentials.tags(admin), {
      [BindingTag.USERNAME]: 'postgres',
      [BindingTag.STRATEGY]: 'single',
    });
    assert.deepEqual(await credentials.tags(secret), {
      [BindingTag.SERVER]: `${host}:${port}`,
      [BindingTag.USERNAME]: 'app',
      [BindingTag.STRATEGY]: 'alternating',
      [BindingTag.ADMIN_SECRET]: admin,
    });
  });

  await checks.check('the database refuses a login without TLS', async () => {
    await assert.rejects(credentials.query(await credentials.value(secret), 'SELECT', { tls: false }), {
      code: '28000',
    });
  });

  await checks.check('RotateSecret, alternating users: the new login works, and the old one still does', async () => {
    const old = await credentials.value(secret);
    await credentials.query(old, 'CREATE TABLE orders (id int)');
    const version = await credentials.rotate(secret);
    assert.equal((await credentials.labels(secret)).AWSCURRENT, version);
    const current = await credentials.value(secret);
    assert.deepEqual(await credentials.logIn(current), { login: 'app', role: 'app' });
    assert.deepEqual(await credentials.logIn(old), { login: 'app_clone', role: 'app' });
    await credentials.query(current, 'ALTER TABLE orders ADD COLUMN customer text'); // for which one must own it
  });

  await checks.check('RotateSecret, single user: the new password works, the old one does not', async () => {
    await newPasswordOnly(credentials, admin);
  });

  await checks.check('a second cdk deploy changes nothing', async () => {
    const labels = async () => [await credentials.labels(admin), await credentials.labels(secret)];
    const [account, versions, synthesised] = [await cloud.account(), await labels(), app.synthesised];
    const output = await app.deploy();
    assert.ok(
      output.includes('Quickstart (no changes)'),
      output
        .split('\n')
        .filter(line => line.includes('UPDATE_IN_PROGRESS'))
        .join('\n'),
    );
    assert.equal(app.synthesised, synthesised);
    assert.deepEqual(await labels(), versions);
    assert.deepEqual(await cloud.account(), account);
  });

  const all = await cloud.account();
  await checks.check("no password is in a template, an event, a function's log or the server's log", async () => {
    noPassword(credentials, all, { template: app.synthesised, server: cloud.serverLogs });
  });

  await checks.check('cdk destroy leaves nothing', async () => {
    await app.destroy();
    assert.deepEqual((await cloud.account()).resources, before.resources);
  });
}

/** The default keeps what cannot be made again, whatever becomes of the stack. */
export async function checkRetention(checks: Checks, cloud: LocalCloud, credentials: Credentials): Promise<void> {
  const app = new CdkApp(cloud, QUICKSTART, 'Quickstart');
  const others = (await cloud.account()).resources;
  const stateful = async () =>
    (await cloud.account()).resources.filter(
      id => /^(rds DBInstances|secretsmanager|kms)/.test(id) && !others.includes(id),
    );
  const deployed = await checks.check('cdk deploy of the quickstart as it is', async () => app.deploy());
  if (!deployed) return;
  const { SecretArn: secret, AdminSecretArn: admin } = app.outputs;

  await checks.check('cdk destroy keeps database, secrets and key', async () => {
    await Promise.all([secret, admin].map(async id => credentials.settled(id)));
    const before = await stateful();
    assert.equal(before.length, 4, before.join('\n'));
    // The database holds on to its subnets, so that the stack cannot go entirely: here as on AWS.
    await assert.rejects(app.destroy(), /in use by DB instance/);
    assert.deepEqual(await stateful(), before);
  });

  await checks.check('after that the credentials still log in', async () => {
    assert.equal((await credentials.logIn(await credentials.value(secret))).role, 'app');
    assert.equal((await credentials.logIn(await credentials.value(admin))).role, 'postgres');
  });

  await checks.check('the database is protected from deletion', async () => {
    const { dbInstanceIdentifier = '' } = await credentials.value(secret);
    const parameters = {
      Action: 'DeleteDBInstance',
      DBInstanceIdentifier: dbInstanceIdentifier,
      SkipFinalSnapshot: 'true',
    };
    const { status, body } = await cloud.query('rds', parameters);
    assert.equal(status, 400, body);
    assert.match(body, /DeletionProtection/);
  });
}

/** Rotates by single user: the new password logs in, the old one does not. */
export async function newPasswordOnly(credentials: Credentials, secret: string): Promise<void> {
  const old = await credentials.value(secret);
  await credentials.logIn(old);
  const version = await credentials.rotate(secret);
  assert.equal((await credentials.labels(secret)).AWSCURRENT, version);
  await credentials.logIn(await credentials.value(secret));
  await assert.rejects(credentials.logIn(old), { code: '28P01' });
}

function noPassword(credentials: Credentials, { events, logs }: Account, files: Record<string, string>): void {
  const places = { ...files, events: JSON.stringify(events), logs: JSON.stringify(logs) };
  assert.ok(credentials.passwords.size >= 6, 'the initial, the deployed and the rotated passwords are known');
  for (const [place, text] of Object.entries(places)) {
    assert.ok(text.length > 1000, `nothing to look through: ${place}`);
    for (const password of credentials.passwords) {
      const forms = [
        password,
        JSON.stringify(password).slice(1, -1),
        JSON.stringify(JSON.stringify(password)).slice(3, -3),
      ];
      assert.ok(!forms.some(form => text.includes(form)), `a password is in: ${place}`);
    }
  }
}
