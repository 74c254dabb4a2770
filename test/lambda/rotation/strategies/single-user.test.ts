import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeSecretCommand,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { BindingTag } from '../../../../src/contract';
import { createAuthority } from '../../../local/certificate';
import { type Login, startPostgres, withClient } from '../../../local/postgres';
import { startPostgresProxy } from '../../../local/postgres-proxy';
import { postgresServer } from '../../../local/servers';
import { createGroups, RIGHTS } from '../../support/privileged';
import { type Rig, startRig } from '../../support/rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

const logsIn = (login: Login) =>
  withClient(rig, login, rig.database, async () => true).catch(error => error.code as string);
const stages = async (secret: string) =>
  (await rig.secrets.client.send(new DescribeSecretCommand({ SecretId: secret }))).VersionIdsToStages!;
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

test("rotates the admin's own secret", async () => {
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
    token: lost,
    beforeStep: step => {
      if (step === 'testSecret') throw new Error('interrupted');
    },
  });
  expect(interrupted.ok).toBe(false);
  // Somebody clears the label away: the password that the server knows is now in a version without one.
  await rig.secrets.client.send(
    new UpdateSecretVersionStageCommand({ SecretId: secret, VersionStage: 'AWSPENDING', RemoveFromVersionId: lost }),
  );
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
    await expect(withClient(own, await own.read(secret), 'postgres', async () => true)).rejects.toMatchObject({
      code: '42501',
    });
    expect(await own.secrets.rotate(secret)).toMatchObject({ ok: true });
  } finally {
    await own.stop();
    await server.stop();
  }
}, 120_000); // a server of its own

test(
  'an admin changes its password in the maintenance database, not where an application makes ' + 'the rules',
  async () => {
    const own = await startRig();
    try {
      await own.createUser('owner'); // owns the database that the admin's secret names
      await own.secrets.rotate(own.adminSecret);
      const statement = own
        .serverLog()
        .split('\n')
        .find(line => line.includes(`ALTER ROLE "${own.admin.username}"`));
      expect(statement).toContain(`${own.admin.username}@postgres:`);
      expect(await own.query(own.adminSecret, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await own.stop();
    }
  },
);

/** Binds a secret to the admin's, as a deployment of the user does. */
async function bindToAdmin(SecretId: string, at = rig) {
  const Tags = [{ Key: BindingTag.ADMIN_SECRET, Value: at.adminSecret }];
  await at.secrets.client.send(new TagResourceCommand({ SecretId, Tags }));
}

test('a login that belongs to another secret is left alone, even by who knows its password', async () => {
  const { secret } = await single('victim');
  const before = await rig.read(secret);
  const refused = await rig.secrets.rotate(await rig.createSecret('thief', before));
  expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
  expect(refused.error!.message).toContain(`belongs to another secret, ${secret}`);
  expect(await logsIn(before)).toBe(true);
});

describe("a login with more than an application's rights", () => {
  beforeAll(() => createGroups(rig));
  const login = async (rights: string) => {
    const created = {
      username: rig.name(`more_${rights.toLowerCase().replace(/ /g, '_')}`),
      password: 'known-password',
    };
    await rig.inspect(`CREATE ROLE "${created.username}" LOGIN PASSWORD '${created.password}' ${rights}`);
    return { created, secret: await rig.createSecret('more', rig.value(created)) };
  };

  test.each(Object.entries(RIGHTS))("that %s is refused to an application's secret", async (reason, rights) => {
    const { created, secret } = await login(rights);
    await bindToAdmin(secret);
    const refused = await rig.secrets.rotate(secret);
    expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Role' } });
    expect(refused.error!.message).toContain(`"${created.username}" ${reason}`);
    expect(await logsIn(created)).toBe(true);
  });

  test("rotates through a secret that is no application's", async () => {
    const { created, secret } = await login('BYPASSRLS CREATEDB');
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(await logsIn(created)).toBe('28P01');
  });
});

describe('when no version of the secret logs in', () => {
  const lost = async (role: string) => {
    const user = await single(role);
    await withClient(rig, rig.admin, 'postgres', client =>
      client.query(`ALTER ROLE "${user.username}" PASSWORD 'of somewhere else'`),
    );
    return user;
  };

  test('the admin changes the password, if the secret is bound to one, and the log warns', async () => {
    const { secret } = await lost('healed');
    await bindToAdmin(secret);
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(await logsIn(await rig.read(secret))).toBe(true);
    expect(rig.rotation.output).toContain('no version of the secret logs in; the password is changed as the admin');
  });

  test("the admin changes no password of another secret's login", async () => {
    const { secret: victim } = await single('named');
    const thief = await rig.createSecret('thief', { ...(await rig.read(victim)), password: 'not-known' });
    await bindToAdmin(thief);
    expect(await rig.secrets.rotate(thief)).toMatchObject({
      ok: false,
      step: 'setSecret',
      error: { errorType: 'Role' },
    });
    expect(await logsIn(await rig.read(victim))).toBe(true);
  });

  test('the error says how the admin is let in, if it is not', async () => {
    const { secret } = await lost('advised');
    const refused = await rig.secrets.rotate(secret);
    expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Authentication' } });
    expect(refused.error!.message).toContain(BindingTag.ADMIN_SECRET);
  });
});

describe('where a login may not change its own password, as with rds.restrict_password_commands', () => {
  let strict: Rig;
  let stop: () => Promise<void>;
  /** What the server is sent in place of the change, and refuses with the same SQLSTATE. */
  const REFUSED = 'SET ROLE pg_execute_server_program';

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'single-user-'));
    const [server, authority, caFile] = [
      postgresServer(),
      await createAuthority("The proxy's authority"),
      join(directory, 'ca.pem'),
    ];
    writeFileSync(caFile, `${readFileSync(server.caFile, 'utf8')}\n${authority.certificate}`);
    const proxy = await startPostgresProxy(server, await authority.issue('localhost'), {
      before(_, message) {
        // Only the change by oneself has neither LOGIN nor a comment with it.
        if (/^Q....ALTER ROLE "[^"]*" PASSWORD '[^']*'\0$/s.test(message?.toString('latin1') ?? '')) {
          message!.fill(' ', 5, message!.length - 1).write(REFUSED, 5);
        }
      },
    });
    strict = await startRig({}, { ...server, port: proxy.port, caFile });
    stop = async () => {
      await strict.stop();
      await proxy.stop();
      rmSync(directory, { recursive: true });
    };
  });
  afterAll(() => stop());

  test('the admin changes it', async () => {
    const secret = await strict.createUser('kept', { strategy: 'single', privileges: 'connect' });
    await bindToAdmin(secret, strict);
    const before = await strict.read(secret);
    expect(await strict.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(await logsIn(await strict.read(secret))).toBe(true);
    expect(await logsIn(before)).toBe('28P01');
  });

  test('without an admin the error says what to do, and the password stays', async () => {
    const secret = await strict.createUser('alone', { strategy: 'single', privileges: 'connect' });
    const refused = await strict.secrets.rotate(secret);
    expect(refused).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Privilege' } });
    expect(refused.error!.message).toContain(BindingTag.ADMIN_SECRET);
    expect(await logsIn(await strict.read(secret))).toBe(true);
  });
});
