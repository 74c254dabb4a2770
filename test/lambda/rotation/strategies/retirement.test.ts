import { randomUUID } from 'node:crypto';
import { UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager';
import type { Client } from 'pg';
import { Env } from '../../../../src/contract';
import { FunctionProcess } from '../../../local/function-process';
import { type Login, randomPassword, withClient } from '../../../local/postgres';
import { STEPS } from '../../../local/rotation-run';
import { type FaultyRig, startFaultyRig } from '../../faults/rig';
import type { Subject } from '../../faults/subject';
import { type Rig, startRig } from '../../support/rig';

const logsIn = (rig: Rig, login: Login) =>
  withClient(rig, login, rig.database, async () => true).catch(error => error.code as string);
/** What the catalogue says of the logins of a user, the owner first. */
const logins = (rig: Rig, owner: string) =>
  rig.inspect(
    `
  SELECT rolvaliduntil = 'infinity' OR rolvaliduntil IS NULL AS forever,
    round(extract(epoch FROM NULLIF(rolvaliduntil, 'infinity') - now()) / 60)::int AS minutes,
    shobj_description(oid, 'pg_authid') AS comment
  FROM pg_roles WHERE rolname = ANY ($1) ORDER BY rolname`,
    [[owner, `${owner}_clone`]],
  );

/** Runs `use` while the login has a session; whether the session is there afterwards. */
async function survives(rig: Rig, login: Login, use: (client: Client) => Promise<unknown>): Promise<boolean> {
  return withClient(rig, login, rig.database, async client => {
    client.on('error', () => undefined);
    await use(client);
    return client.query('SELECT').then(
      () => true,
      () => false,
    );
  }).catch(() => false);
}

describe('by default', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig();
  });
  afterAll(() => rig.stop());

  test('the comments on the logins say which version has their password, after what somebody else wrote', async () => {
    const owner = rig.name('marked');
    const secret = await rig.createUser('marked', { privileges: 'connect' });
    await rig.inspect(`COMMENT ON ROLE "${owner}" IS 'asked for by the ''orders'' team'`);
    const [first, second] = [await rig.secrets.rotate(secret), await rig.secrets.rotate(secret)];
    const mark = `cdk-rotating-postgres: password in ${secret}, version`;
    expect(await logins(rig, owner)).toEqual([
      { forever: true, minutes: null, comment: `asked for by the 'orders' team\n${mark} ${second.token}` },
      { forever: true, minutes: null, comment: `${mark} ${first.token}` },
    ]);
  });

  test('a login keeps a VALID UNTIL of its own, and its alternate has the same, also once it is changed', async () => {
    const owner = rig.name('limited');
    const secret = await rig.createUser('limited', { privileges: 'connect' });
    await rig.inspect(`ALTER ROLE "${owner}" VALID UNTIL '${new Date(Date.now() + 90 * 60_000).toISOString()}'`);
    await rig.secrets.rotate(secret);
    expect(await logins(rig, owner)).toMatchObject([{ minutes: 90 }, { minutes: 90 }]);
    await rig.inspect(`ALTER ROLE "${owner}" VALID UNTIL '${new Date(Date.now() + 60 * 60_000).toISOString()}'`);
    await rig.secrets.rotate(secret);
    expect(await logins(rig, owner)).toMatchObject([{ minutes: 60 }, { minutes: 60 }]);
    await rig.inspect(`ALTER ROLE "${owner}" VALID UNTIL 'infinity'`);
    await rig.secrets.rotate(secret);
    expect(await logins(rig, owner)).toMatchObject([{ forever: true }, { forever: true }]);
  });

  test('a login whose own VALID UNTIL has passed is refused, and stays as it is', async () => {
    const owner = rig.name('over');
    const secret = await rig.createUser('over', { privileges: 'connect' });
    await rig.secrets.rotate(secret);
    await rig.inspect(`ALTER ROLE "${owner}" VALID UNTIL '2020-01-01T00:00:00Z'`);
    const refused = await rig.secrets.rotate(secret);
    expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
    expect(refused.error!.message).toContain(`ALTER ROLE "${owner}" VALID UNTIL 'infinity'`);
    await rig.inspect(`ALTER ROLE "${owner}" VALID UNTIL 'infinity'`);
    expect(await rig.secrets.retry(secret, refused.token)).toMatchObject({ ok: true });
  });

  test('sessions that a login still has when its password changes go on, and are told of', async () => {
    const secret = await rig.createUser('leftover', { privileges: 'connect' });
    const login = await rig.read(secret);
    await rig.secrets.rotate(secret);
    expect(await survives(rig, login, () => rig.secrets.rotate(secret))).toBe(true);
    expect(rig.rotation.output).toMatch(new RegExp(`has open sessions.*${login.username}.*"sessions":1`));
  });
});

describe('with a grace', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({}, undefined, { [Env.RETIRE_AFTER]: String(60 * 60) });
  });
  afterAll(() => rig.stop());

  test('the replaced login works for so long, and the next rotation gives it back its time', async () => {
    const owner = rig.name('graceful');
    const secret = await rig.createUser('graceful', { privileges: 'connect' });
    const before = await rig.read(secret);
    await rig.secrets.rotate(secret);
    expect(await logins(rig, owner)).toMatchObject([
      { minutes: 60, comment: expect.stringContaining(', valid until 20') },
      { forever: true },
    ]);
    expect(await logsIn(rig, before)).toBe(true);
    await rig.secrets.rotate(secret);
    expect(await logins(rig, owner)).toMatchObject([
      { forever: true, comment: expect.not.stringContaining('valid until') },
      { minutes: 60 },
    ]);
  });

  test('a login with a VALID UNTIL of its own is not retired', async () => {
    const owner = rig.name('own');
    const secret = await rig.createUser('own', { privileges: 'connect' });
    await rig.inspect(`ALTER ROLE "${owner}" VALID UNTIL '${new Date(Date.now() + 10 * 60_000).toISOString()}'`);
    await rig.secrets.rotate(secret);
    expect(await logins(rig, owner)).toMatchObject([
      { minutes: 10, comment: expect.not.stringContaining('valid until') },
      { minutes: 10 },
    ]);
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
  });

  test('a time that a person changed after the retirement is theirs, and stays', async () => {
    const owner = rig.name('changed');
    const secret = await rig.createUser('changed', { privileges: 'connect' });
    await rig.secrets.rotate(secret);
    await rig.inspect(`ALTER ROLE "${owner}" VALID UNTIL '${new Date(Date.now() + 30 * 60_000).toISOString()}'`);
    await rig.secrets.rotate(secret);
    expect(await logins(rig, owner)).toMatchObject([{ minutes: 30 }, { minutes: 30 }]);
  });

  test('a single user has no login to retire', async () => {
    const secret = await rig.createUser('alone', { privileges: 'connect', strategy: 'single' });
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(await logsIn(rig, await rig.read(secret))).toBe(true);
  });
});

describe('at once', () => {
  let rig: FaultyRig;
  let second: FunctionProcess;
  beforeAll(async () => {
    const settings = { [Env.RETIRE_AFTER]: '0' };
    rig = await startFaultyRig(settings);
    second = new FunctionProcess('rotation', {
      ...rig.secrets.environment,
      NODE_EXTRA_CA_CERTS: rig.caFile,
      ...settings,
    });
  });
  afterAll(async () => {
    await second.stop();
    await rig.stop();
  });

  /** A rotation whose function is killed when AWSCURRENT has moved; its token. */
  async function killedBeforeRetirement(subject: Subject): Promise<string> {
    rig.fault = ({ step, when, call }) => {
      if (step !== 'finishSecret' || when !== 'after' || call?.action !== 'UpdateSecretVersionStage') return;
      rig.fault = undefined;
      rig.rotation.kill();
      throw new Error('the function is gone');
    };
    return (await rig.rotate(subject)).token;
  }

  test('the replaced login is refused as soon as the other is current, in both periods', async () => {
    const subject = await rig.createSubject('alternating');
    for (let rotation = 0; rotation < 3; rotation++) {
      const before = await rig.read(subject.secret);
      expect(await rig.rotate(subject)).toMatchObject({ ok: true });
      expect(await logsIn(rig, before)).toBe('28P01');
      expect(await subject.logsIn()).toBe(true);
    }
  });

  test('a finishSecret that was killed before the retirement completes it when it is delivered again', async () => {
    const subject = await rig.createSubject('alternating');
    const before = await rig.read(subject.secret);
    const token = await killedBeforeRetirement(subject);
    expect(await logsIn(rig, before)).toBe(true);
    await rig.redeliver(subject, token);
    expect(await logsIn(rig, before)).toBe('28P01');
    expect(await subject.labels()).toEqual({ AWSCURRENT: token, AWSPREVIOUS: expect.any(String) });
  });

  test('with a current login that a restored database does not know, it leaves the replaced one to work', async () => {
    const subject = await rig.createSubject('alternating');
    const before = await rig.read(subject.secret);
    const token = await killedBeforeRetirement(subject);
    const { username } = await rig.read(subject.secret);
    await rig.inspect(`ALTER ROLE "${username}" PASSWORD NULL`);
    await expect(rig.redeliver(subject, token)).rejects.toMatchObject({ errorType: 'Authentication' });
    expect(await logsIn(rig, before)).toBe(true);
  });

  test('a retirement that is held up while the next rotation goes through does not hit the current login', async () => {
    const subject = await rig.createSubject('alternating');
    rig.fault = async ({ step, when, what }) => {
      if (step !== 'finishSecret' || when !== 'before' || what !== 'Query') return;
      rig.fault = undefined;
      const { token } = await rig.rotate(subject, {
        beforeStep: () => {
          throw new Error('not delivered');
        },
      });
      for (const Step of STEPS) await second.invoke({ Step, SecretId: subject.secret, ClientRequestToken: token });
    };
    const { token } = await rig.rotate(subject);
    expect(rig.fault).toBeUndefined();
    expect((await subject.labels()).AWSPREVIOUS).toBe(token);
    expect((await rig.read(subject.secret)).username).toBe(subject.username);
    expect(await subject.logsIn()).toBe(true);
    expect(await logins(rig, subject.username)).toMatchObject([{ forever: true }, { forever: false }]);
  });

  test('a late setSecret that waits before its change does not undo what the next rotation did', async () => {
    const subject = await rig.createRotated('alternating');
    let late = '';
    rig.fault = async ({ step, when, what }) => {
      if (step !== 'setSecret' || when !== 'before' || what !== 'Query') return;
      rig.fault = undefined;
      const { AWSPENDING: RemoveFromVersionId } = await subject.labels();
      await rig.secrets.client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: subject.secret,
          VersionStage: 'AWSPENDING',
          RemoveFromVersionId,
        }),
      );
      const { token } = await rig.rotate(subject, {
        beforeStep: () => {
          throw new Error('not delivered');
        },
      });
      for (const Step of STEPS) await second.invoke({ Step, SecretId: subject.secret, ClientRequestToken: token });
      late = token;
    };
    expect(await rig.rotate(subject)).toMatchObject({
      ok: false,
      step: 'setSecret',
      error: { errorType: 'NotPending' },
    });
    expect((await subject.labels()).AWSCURRENT).toBe(late);
    expect(await subject.logsIn()).toBe(true);
  });
});

describe('with sessions ended', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({}, undefined, { [Env.RETIRE_AFTER]: '0', [Env.TERMINATE_SESSIONS]: 'true' });
  });
  afterAll(() => rig.stop());

  test('the sessions of a login that is retired at once end with it, those of the current one go on', async () => {
    const secret = await rig.createUser('ended', { privileges: 'connect' });
    const before = await rig.read(secret);
    expect(await survives(rig, before, () => rig.secrets.rotate(secret))).toBe(false);
    const current = await rig.read(secret);
    expect(await survives(rig, current, () => rig.secrets.rotate(secret, { immediately: false }))).toBe(true);
  });

  test(
    'an admin who may not signal sessions ends them all the same, and is no member of the role ' + 'afterwards',
    async () => {
      const admin = { username: rig.name('plain-admin'), password: randomPassword() };
      const login = { username: rig.name('watched'), password: randomPassword() };
      await rig.inspect(`CREATE ROLE "${admin.username}" LOGIN CREATEROLE PASSWORD '${admin.password}'`);
      await withClient(rig, admin, 'postgres', client =>
        client.query(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${login.password}'`),
      );
      const masterarn = await rig.createSecret(`plain-${randomUUID()}`, rig.value(admin));
      const secret = await rig.createSecret('watched', rig.value(login, { masterarn }));
      const memberships = () =>
        rig.inspect(
          `SELECT count(*)::int AS count FROM pg_auth_members WHERE member = '"${admin.username}"'::regrole ` +
            `AND roleid = '"${login.username}"'::regrole`,
        );
      const [before] = await memberships();
      expect(await survives(rig, login, () => rig.secrets.rotate(secret))).toBe(false);
      expect(await memberships()).toEqual([before]);
      expect(await logsIn(rig, await rig.read(secret))).toBe(true);
    },
  );
});

describe('with sessions ended, and the login left to work', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({}, undefined, { [Env.TERMINATE_SESSIONS]: 'true' });
  });
  afterAll(() => rig.stop());

  test('sessions end when the password of their login changes, and not before', async () => {
    const secret = await rig.createUser('rearmed', { privileges: 'connect' });
    const login = await rig.read(secret);
    const ended = await withClient(rig, login, rig.database, async client => {
      client.on('error', () => undefined);
      await rig.secrets.rotate(secret);
      await client.query('SELECT');
      await rig.secrets.rotate(secret);
      return client.query('SELECT').then(
        () => false,
        () => true,
      );
    }).catch(() => true);
    expect(ended).toBe(true);
  });
});
