import { randomUUID } from 'node:crypto';
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { type Login, withClient } from '../../local/postgres';
import { type Rig, startRig } from '../support/rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

const logsIn = (login: Login) =>
  withClient(rig, login, rig.database, async () => true).catch(error => error.code as string);
const stages = async (secret: string) =>
  (await rig.secrets.client.send(new DescribeSecretCommand({ SecretId: secret }))).VersionIdsToStages!;

test.each([
  'quo"te',
  "O'Brien",
  'da-sh',
  'two words',
  'select',
  '100%s',
  'back\\slash',
  'naïve',
  'UPPER',
  '$1',
  'dot.ted',
  ';--',
])('a user named %s rotates by both strategies', async name => {
  const database = `${name}_${rig.database}`;
  const secret = await rig.createUser(name, { database });
  for (let rotation = 0; rotation < 2; rotation++) {
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    await rig.query(secret, `CREATE TABLE t${rotation} (id int)`);
  }
  const other = await rig.createUser(`single ${name}`, { database, strategy: 'single', privileges: 'connect' });
  expect(await rig.secrets.rotate(other)).toMatchObject({ ok: true });
  expect(await rig.query(other, 'SELECT current_user AS who')).toEqual([{ who: rig.name(`single ${name}`) }]);
  expect(await rig.query(secret, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")).toEqual([
    { tableowner: rig.name(name) },
  ]);
});

describe.each(['single', 'alternating'] as const)('any rotation (%s)', strategy => {
  const user = (role: string) => rig.createUser(`${role}_${strategy}`, { strategy, privileges: 'connect' });

  test('each step delivered twice, and late, changes nothing more', async () => {
    const secret = await user('twice');
    const seen: unknown[] = [];
    const { token } = await rig.secrets.rotate(secret, {
      beforeStep: async (step, event) => {
        seen.push(event);
        if (step === 'finishSecret') return;
        await rig.rotation.invoke(event);
      },
    });
    const [current, labels] = [await rig.read(secret), await stages(secret)];
    for (const event of seen) await rig.rotation.invoke(event);
    expect(await rig.read(secret)).toEqual(current);
    expect(await stages(secret)).toEqual(labels);
    expect(labels[token]).toEqual(['AWSCURRENT']);
    expect(await logsIn(current)).toBe(true);
  });

  test('without rotation at once, only testSecret runs, and the secret stays as it is', async () => {
    const secret = await user('later');
    const before = [await rig.read(secret), await stages(secret)];
    expect(await rig.secrets.rotate(secret, { immediately: false })).toMatchObject({ ok: true });
    expect([await rig.read(secret), await stages(secret)]).toEqual(before);
  });

  test("no password is in the server's log, though the statements are, nor in the function's", async () => {
    const secret = await user('quiet');
    await rig.secrets.rotate(secret);
    const [current, previous] = [await rig.read(secret), await rig.read(secret, 'AWSPREVIOUS')];
    expect(rig.serverLog()).toContain("PASSWORD 'SCRAM-SHA-256$4096:");
    for (const { password } of [current, previous, rig.admin]) {
      expect(rig.serverLog()).not.toContain(password);
      expect(rig.rotation.output).not.toContain(password);
    }
  });

  test(
    'a role that another session holds is given up on in time, and said so; the failed statement shows ' +
      'no password',
    async () => {
      const secret = await user('held');
      // so that the next rotation alters the first login
      if (strategy === 'alternating') await rig.secrets.rotate(secret);
      const held = rig.name(`held_${strategy}`);
      const token = randomUUID();
      await withClient(rig, rig.superuser, 'postgres', async client => {
        await client.query(`BEGIN; ALTER ROLE "${held}" CONNECTION LIMIT 5`);
        const result = await rig.secrets.rotate(secret, { token });
        expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Locked' } });
        expect(result.error!.message).toContain('lock timeout');
        await client.query('ROLLBACK');
      });
      const { password } = await rig.read(secret, 'AWSPENDING');
      expect(rig.serverLog()).toMatch(
        /ERROR: {2}canceling statement due to lock timeout[\s\S]*STATEMENT: {2}ALTER ROLE/,
      );
      expect(rig.serverLog() + rig.rotation.output).not.toContain(password);
      expect(await logsIn(await rig.read(secret))).toBe(true);
      expect(await rig.secrets.retry(secret, token)).toMatchObject({ ok: true });
    },
    20_000,
  );

  test(
    'a pending value that names another host, database or admin is refused before anything ' + 'connects to it',
    async () => {
      const secret = await user('redirected');
      const attempts: Record<string, unknown>[] = [
        { host: 'elsewhere.example.com' },
        { dbname: 'other' },
        { username: rig.admin.username },
        { masterarn: 'arn:other' },
      ];
      for (const change of attempts) {
        const token = randomUUID();
        const result = await rig.secrets.rotate(secret, {
          token,
          beforeStep: async step => {
            if (step !== 'createSecret') return;
            const SecretString = JSON.stringify({ ...(await rig.read(secret)), ...change });
            await rig.secrets.client.send(
              new PutSecretValueCommand({
                SecretId: secret,
                ClientRequestToken: token,
                SecretString,
                VersionStages: ['AWSPENDING'],
              }),
            );
          },
        });
        expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'InvalidSecret' } });
        expect(result.error!.message).toContain(Object.keys(change)[0]);
        await rig.secrets.client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: secret,
            VersionStage: 'AWSPENDING',
            RemoveFromVersionId: token,
          }),
        );
      }
      expect(await logsIn(await rig.read(secret))).toBe(true);
    },
  );
});
