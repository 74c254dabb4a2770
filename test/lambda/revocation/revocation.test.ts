import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { BindingTag, type RotationStrategyName, type SecretValue } from '../../../src/contract';
import { FunctionProcess } from '../../local/function-process';
import { type Login, randomPassword, withClient } from '../../local/postgres';
import { type FaultyRig, nameOf, type Place, startFaultyRig } from '../faults/rig';
import type { Subject } from '../faults/subject';

let rig: FaultyRig;
let revocation: FunctionProcess;
beforeAll(async () => {
  rig = await startFaultyRig();
  revocation = new FunctionProcess('revocation', { ...rig.secrets.environment, NODE_EXTRA_CA_CERTS: rig.caFile });
});
afterAll(async () => {
  await revocation.stop();
  await rig.stop();
});
afterEach(() => {
  rig.fault = undefined;
});

const STRATEGIES = ['single', 'alternating'] as const;
const revoke = (SecretId: string) => revocation.invoke({ SecretId });
/** Past the faults. */
const logsIn = (login: Login) =>
  withClient(rig.server, login, rig.database, async () => true).catch(error => error.code as string);

/**
 * A user who rotated, so that there are more passwords than one; a single one is bound to its admin, as a deployment
 * does.
 */
async function rotated(strategy: RotationStrategyName): Promise<Subject> {
  const subject = await rig.createRotated(strategy);
  if (strategy === 'single') {
    const Tags = [
      { Key: BindingTag.ADMIN_SECRET, Value: rig.adminSecret },
      { Key: BindingTag.STRATEGY, Value: strategy },
    ];
    await rig.secrets.client.send(new TagResourceCommand({ SecretId: subject.secret, Tags }));
  }
  return subject;
}

/** What every version of the secret says, by its id. */
async function allVersions(SecretId: string): Promise<Record<string, SecretValue>> {
  const { Versions = [] } = await rig.secrets.client.send(
    new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }),
  );
  const values = await Promise.all(
    Versions.map(async ({ VersionId }) => {
      const { SecretString } = await rig.secrets.client.send(new GetSecretValueCommand({ SecretId, VersionId }));
      return [VersionId!, JSON.parse(SecretString!)] as const;
    }),
  );
  return Object.fromEntries(values);
}

async function labelsOf(SecretId: string): Promise<Record<string, readonly string[]>> {
  return (await rig.secrets.client.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages ?? {};
}

/** Whether what is current logs in, nothing that the secret held before does, and nobody is left inside. */
async function faultsOf(subject: Subject, before: Record<string, SecretValue>): Promise<string[]> {
  const wrong: string[] = [];
  if (!(await subject.logsIn())) wrong.push('AWSCURRENT does not log in');
  for (const [id, value] of Object.entries(before)) {
    if ((await logsIn(value)) === true) wrong.push(`the revoked version ${id} logs in`);
  }
  const [{ sessions }] = await rig.inspect(
    'SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE usename LIKE $1',
    [`${subject.username}%`],
  );
  if (sessions !== 0) wrong.push(`${sessions as number} sessions are left`);
  return wrong;
}

/** A session that stays open until somebody ends it. */
async function intrude({ username: user, password }: Login): Promise<Client> {
  const { host, port, caFile } = rig.server;
  const client = new Client({
    host,
    port,
    user,
    password,
    database: rig.database,
    ssl: { ca: readFileSync(caFile, 'utf8') },
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

test.each(STRATEGIES)('a user gets a new password, and nothing else lets anybody in: %s', async strategy => {
  const subject = await rotated(strategy);
  const before = await allVersions(subject.secret);
  const { AWSCURRENT: leaked } = await subject.labels();
  const answer = await revoke(subject.secret);
  expect(answer).toMatchObject({ secretId: subject.secret, username: subject.username, sessionsEnded: 0 });
  expect(await faultsOf(subject, before)).toEqual([]);
  const { AWSCURRENT, AWSPREVIOUS } = await subject.labels();
  expect([AWSCURRENT, AWSPREVIOUS]).toEqual([(answer as { versionId: string }).versionId, leaked]);
  const stages = await labelsOf(subject.secret);
  for (const id of Object.keys(before)) expect(stages[id]).toContain(`ROTATINGPOSTGRES_REVOKED_${id}`);
  expect(await rig.leaks()).toEqual([]);
  for (const { password } of Object.values(await allVersions(subject.secret))) {
    expect(revocation.output).not.toContain(password);
  }
});

test.each(STRATEGIES)('the user rotates on, and what was revoked stays shut: %s', async strategy => {
  const subject = await rotated(strategy);
  const before = await allVersions(subject.secret);
  await revoke(subject.secret);
  for (let rotation = 0; rotation < 3; rotation++) {
    expect(await rig.rotate(subject)).toMatchObject({ ok: true });
    expect(await faultsOf(subject, before)).toEqual([]);
  }
});

test.each([
  ['is no JSON', () => 'rewritten'],
  [
    'names another server than the secret is bound to',
    (value: SecretValue) => JSON.stringify({ ...value, host: 'elsewhere.example' }),
  ],
])('a current value that %s does not stand in the way', async (_, rewrite) => {
  const subject = await rotated('alternating');
  const [before, value] = [await allVersions(subject.secret), await rig.read(subject.secret)];
  const bound = [{ Key: BindingTag.SERVER, Value: `${value.host}:${value.port}` }];
  await rig.secrets.client.send(new TagResourceCommand({ SecretId: subject.secret, Tags: bound }));
  await rig.secrets.client.send(new PutSecretValueCommand({ SecretId: subject.secret, SecretString: rewrite(value) }));
  await revoke(subject.secret);
  expect(await faultsOf(subject, before)).toEqual([]);
  expect(await rig.read(subject.secret)).toMatchObject({ host: value.host, username: subject.username });
});

test('the sessions of both logins end', async () => {
  const subject = await rotated('alternating');
  const [second, first] = [await rig.read(subject.secret), await rig.read(subject.secret, 'AWSPREVIOUS')];
  const intruders = [await intrude(first), await intrude(second)];
  expect(await revoke(subject.secret)).toMatchObject({ sessionsEnded: 2 });
  for (const intruder of intruders) await expect(intruder.query('SELECT')).rejects.toThrow();
});

test(
  'settings are reset and told of: all to who revokes, to the log but the values that an application ' +
    'may keep secret',
  async () => {
    const subject = await rotated('alternating');
    await rig.inspect(`ALTER ROLE "${subject.username}" SET search_path TO hijacked, public;
      ALTER ROLE "${subject.username}" SET geqo_seed TO '0.4711';
    ALTER ROLE "${subject.username}" IN DATABASE "${rig.database}" SET work_mem TO '5MB'`);
    await rig.inspect(`ALTER ROLE "${subject.username}_clone" SET statement_timeout TO '9s'`);
    const { settings } = (await revoke(subject.secret)) as { settings: unknown[] };
    expect(settings).toHaveLength(4);
    expect(settings).toEqual(
      expect.arrayContaining([
        { login: subject.username, database: null, setting: 'search_path=hijacked, public' },
        { login: subject.username, database: null, setting: 'geqo_seed=0.4711' },
        { login: subject.username, database: rig.database, setting: 'work_mem=5MB' },
        { login: `${subject.username}_clone`, database: null, setting: 'statement_timeout=9s' },
      ]),
    );
    expect(
      await rig.inspect('SELECT 1 FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole WHERE rolname LIKE $1', [
        `${subject.username}%`,
      ]),
    ).toEqual([]);
    expect(revocation.output).toContain('work_mem=5MB');
    expect(revocation.output).toContain('geqo_seed');
    expect(revocation.output).not.toContain('0.4711');
  },
);

test('a rotation that is under way is not finished: its token is refused', async () => {
  const subject = await rotated('alternating');
  const { token } = await rig.rotate(subject, {
    beforeStep: step => {
      if (step === 'testSecret') throw new Error('not delivered');
    },
  });
  const before = await allVersions(subject.secret);
  await revoke(subject.secret);
  await expect(rig.redeliver(subject, token)).rejects.toMatchObject({ errorType: 'NotPending' });
  expect(await faultsOf(subject, before)).toEqual([]);
});

test.each(STRATEGIES)(
  'a setSecret that is held before its change while a revocation runs revives nothing: %s',
  async strategy => {
    const subject = await rotated(strategy);
    let before: Record<string, SecretValue> = {};
    let revoked: Promise<unknown> | undefined;
    rig.fault = async ({ step, when, what }) => {
      if (step !== 'setSecret' || when !== 'before' || what !== 'Query') return;
      rig.fault = undefined;
      before = await allVersions(subject.secret);
      await (revoked = revoke(subject.secret));
    };
    expect(await rig.rotate(subject)).toMatchObject({ ok: false, step: 'setSecret' });
    await revoked; // a single user's session ended before
    expect(Object.keys(before)).toHaveLength(3);
    expect(await faultsOf(subject, before)).toEqual([]);
    expect(await rig.rotate(subject)).toMatchObject({ ok: true });
  },
);

test('a rotation that finishes while a revocation runs is revoked, too', async () => {
  const subject = await rotated('alternating');
  const { token } = await rig.rotate(subject, {
    beforeStep: step => {
      if (step === 'finishSecret') throw new Error('not delivered');
    },
  });
  let before: Record<string, SecretValue> = {};
  rig.fault = async ({ what, when, call }) => {
    // finishSecret has looked at the labels, and moves AWSCURRENT when the revocation has taken AWSPENDING away.
    if (
      when !== 'before' ||
      call?.action !== 'UpdateSecretVersionStage' ||
      !String(call.request.VersionStage).startsWith('ROTATINGPOSTGRES_REVOKED_')
    ) {
      return;
    }
    expect(what).toBe('UpdateSecretVersionStage');
    rig.fault = undefined;
    before = await allVersions(subject.secret);
    await rig.rotation.invoke({ Step: 'finishSecret', SecretId: subject.secret, ClientRequestToken: token });
  };
  await revoke(subject.secret);
  expect((await labelsOf(subject.secret))[token]).toContain(`ROTATINGPOSTGRES_REVOKED_${token}`);
  expect(await faultsOf(subject, before)).toEqual([]);
});

test("a login that a stranger happens to have under the alternate's name is left alone", async () => {
  const subject = await rotated('single');
  const stranger = { username: `${subject.username}_clone`, password: randomPassword() };
  await rig.inspect(`CREATE ROLE "${stranger.username}" LOGIN PASSWORD '${stranger.password}'`);
  await revoke(subject.secret);
  expect(await logsIn(stranger)).toBe(true);
});

test("the admin, and another secret's login, are not revoked by an application's secret", async () => {
  const masterarn = rig.adminSecret;
  const victim = await rig.createUser('victim', { privileges: 'connect' });
  for (const login of [rig.admin, await rig.read(victim)]) {
    const secret = await rig.createSecret('thief', rig.value(login, { masterarn }));
    await expect(revoke(secret)).rejects.toMatchObject({ errorType: 'Role' });
    expect(await logsIn(login)).toBe(true);
  }
});

test('a single user whose admin nobody knows is refused before anything is changed', async () => {
  const subject = await rig.createRotated('single');
  const labels = await subject.labels();
  await expect(revoke(subject.secret)).rejects.toMatchObject({ errorType: 'Configuration' });
  expect(await subject.labels()).toEqual(labels);
  expect(await subject.logsIn()).toBe(true);
});

test.each([{}, { SecretId: '' }, null])('an event that names no secret is refused: %j', async event => {
  await expect(revocation.invoke(event)).rejects.toMatchObject({ errorType: 'InvalidEvent' });
});

/** Between these nothing changes, so that a kill there is a kill after the one before. */
const EFFECTS = ['Query', 'PutSecretValue', 'UpdateSecretVersionStage'];

// At every single call, and for a single user, on the ports in memory: revocation-steps.test.ts
test('killed before or after anything that it changes, it is complete when it is run again', async () => {
  const places: Place[] = [];
  const effects = (use: (place: Place) => void) => (place: Place) => {
    if (EFFECTS.includes(place.what)) use(place);
  };
  const first = await rotated('alternating');
  rig.fault = effects(place => {
    places.push(place);
  });
  await revoke(first.secret);
  rig.fault = undefined;
  expect(places.length).toBeGreaterThanOrEqual(12);

  const wrong: string[] = [];
  for (const [n, place] of places.entries()) {
    const subject = await rotated('alternating');
    const before = await allVersions(subject.secret);
    const intruder = await intrude(await rig.read(subject.secret));
    let countdown = n;
    rig.fault = effects(() => {
      if (countdown-- > 0) return;
      rig.fault = undefined;
      revocation.crash();
      throw new Error('the function is gone');
    });
    await revoke(subject.secret).catch(() => undefined);
    expect(rig.fault).toBeUndefined();
    await revoke(subject.secret);
    wrong.push(...(await faultsOf(subject, before)).map(what => `${nameOf(place)}: ${what}`));
    await intruder.end();
  }
  expect(wrong).toEqual([]);
}, 300_000);

test('a deployment in the middle of a revocation does not revive the login', async () => {
  const secret = await rig.createUser('deployed', { privileges: 'connect' });
  const leaked = await rig.read(secret);
  rig.fault = ({ when, call }) => {
    if (when !== 'before' || call?.action !== 'PutSecretValue') return;
    rig.fault = undefined;
    revocation.crash();
    throw new Error('the function is gone');
  };
  await revoke(secret).catch(() => undefined);
  const update = () =>
    rig.databaseUser.invoke({
      RequestType: 'Update',
      RequestId: randomUUID(),
      ResourceProperties: rig.properties(secret, rig.name('deployed'), { privileges: 'connect' }),
    });
  await expect(update()).rejects.toMatchObject({ errorType: 'NotPending' });
  expect(await logsIn(leaked)).not.toBe(true);
  await revoke(secret);
  await update();
  expect(await logsIn(await rig.read(secret))).toBe(true);
  expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
});
