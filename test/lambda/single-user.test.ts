import { randomUUID } from 'node:crypto';
import { DescribeSecretCommand, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import { type Rig, startRig } from './rig';
import { type Login, startPostgres, withClient } from '../local/postgres';

let rig: Rig;
beforeAll(async () => { rig = await startRig(); });
afterAll(() => rig.stop());

const logsIn = (login: Login) => withClient(rig, login, rig.database, async () => true).catch(error => error.code as string);
const stages = async (secret: string) => (await rig.secrets.client.send(new DescribeSecretCommand({ SecretId: secret }))).VersionIdsToStages!;
const single = async (role: string) => {
  const secret = await rig.createUser(role, { strategy: 'single', privileges: 'connect' });
  return { secret, username: rig.name(role) };
};

test('changes the password of the same login; the old one is refused', async () => {
  const { secret, username } = await single('one');
  const before = await rig.read(secret);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  const after = await rig.read(secret);
  expect(after).toEqual({ ...before, password: after.password });
  expect(after.password).not.toBe(before.password);
  expect(await rig.query(secret, 'SELECT current_user AS who')).toEqual([{ who: username }]);
  expect(await logsIn(before)).toBe('28P01');
});

test('leaves AWSCURRENT on the new version, AWSPREVIOUS on the old, and AWSPENDING nowhere', async () => {
  const { secret } = await single('labels');
  const { token } = await rig.secrets.rotate(secret);
  const labels = await stages(secret);
  expect(labels[token]).toEqual(['AWSCURRENT']);
  expect(Object.values(labels).filter(names => names.includes('AWSPREVIOUS'))).toHaveLength(1);
  expect(Object.values(labels).flat()).not.toContain('AWSPENDING');
});

test('rotates the admin\'s own secret', async () => {
  const admin = await startRig();
  try {
    expect(await admin.secrets.rotate(admin.adminSecret)).toMatchObject({ ok: true });
    expect(await admin.query(admin.adminSecret, 'SELECT current_user AS who')).toEqual([{ who: admin.admin.username }]);
  } finally {
    await admin.stop();
  }
});

test('is found again by an older version when neither AWSCURRENT nor AWSPENDING logs in', async () => {
  const { secret } = await single('lost');
  const lost = randomUUID();
  const interrupted = await rig.secrets.rotate(secret, {
    token: lost, beforeStep: step => { if (step === 'testSecret') throw new Error('interrupted'); },
  });
  expect(interrupted.ok).toBe(false);
  // Somebody clears the label away: the password that the server knows is now in a version without one.
  await rig.secrets.client.send(new UpdateSecretVersionStageCommand({ SecretId: secret, VersionStage: 'AWSPENDING', RemoveFromVersionId: lost }));
  expect(await logsIn(await rig.read(secret))).toBe('28P01');
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  expect(await logsIn(await rig.read(secret))).toBe(true);
});

test('needs no access to the maintenance database', async () => {
  const server = await startPostgres();
  const own = await startRig({}, server);
  try {
    const secret = await own.createUser('kept_out', { strategy: 'single' });
    await own.inspect('REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
    await expect(withClient(own, await own.read(secret), 'postgres', async () => true)).rejects.toMatchObject({ code: '42501' });
    expect(await own.secrets.rotate(secret)).toMatchObject({ ok: true });
  } finally {
    await own.stop();
    await server.stop();
  }
});

test('an admin changes its password in the maintenance database, not where an application makes the rules', async () => {
  const own = await startRig();
  try {
    await own.createUser('owner'); // owns the database that the admin's secret names
    await own.secrets.rotate(own.adminSecret);
    const statement = own.serverLog().split('\n').find(line => line.includes(`ALTER ROLE "${own.admin.username}"`));
    expect(statement).toContain(`${own.admin.username}@postgres:`);
    expect(await own.query(own.adminSecret, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  } finally {
    await own.stop();
  }
});
