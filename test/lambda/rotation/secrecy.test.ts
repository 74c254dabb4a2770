import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scramVerifier } from '../../../lambda/credential/scram';
import type { RotationStrategyName } from '../../../src/contract';
import { createAuthority } from '../../local/certificate';
import { OwnServer } from '../../local/own-server';
import { type LocalPostgres, randomPassword, startPostgres, withClient } from '../../local/postgres';
import { type PostgresProxy, startPostgresProxy } from '../../local/postgres-proxy';
import type { RotationResult } from '../../local/rotation-run';
import { type Rig, startRig } from '../support/rig';

/**
 * A server that tells all it can: each statement, its parameters, its plan and its parse tree, in the log and in the
 * views.
 */
const TALKATIVE = [
  "shared_preload_libraries = 'pg_stat_statements,auto_explain'",
  'pg_stat_statements.track_utility = on',
  'pg_stat_statements.track = all',
  'auto_explain.log_min_duration = 0',
  'auto_explain.log_verbose = on',
  'log_statement = all',
  'log_min_duration_statement = 0',
  'log_parameter_max_length = -1',
  'log_parameter_max_length_on_error = -1',
  'log_min_error_statement = debug5',
  'log_min_messages = debug2',
  'log_error_verbosity = verbose',
  'debug_print_parse = on',
];

let server: LocalPostgres;
let own: OwnServer;
let proxy: PostgresProxy;
let rig: Rig;
let directory: string;
let logged: number;
/** What the function sent, and what pg_stat_activity showed after each answer. */
let wire = '';
let activity = '';
const errors: string[] = [];
const passwords = new Set<string>();

beforeAll(async () => {
  server = await startPostgres();
  own = new OwnServer(server);
  const authority = await createAuthority("The proxy's authority");
  directory = mkdtempSync(join(tmpdir(), 'secrecy-'));
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, `${readFileSync(server.caFile, 'utf8')}\n${authority.certificate}`);
  proxy = await startPostgresProxy(server, await authority.issue('localhost'), {
    before: (_, content) => {
      wire += content?.toString('latin1');
    },
    after: async message => {
      if (message === 'Query' || message === 'Sync') {
        activity += JSON.stringify(await own.query('SELECT query FROM pg_stat_activity'));
      }
    },
  });
  rig = await startRig({}, { ...server, port: proxy.port, caFile });
  logged = own.log().length; // the rig's admin was created with a password in the clear
  wire = activity = '';
  await own.restartWith(...TALKATIVE);
  await own.query('CREATE EXTENSION pg_stat_statements');
}, 30_000);
afterAll(async () => {
  await rig.stop();
  await proxy.stop();
  await server.stop();
  rmSync(directory, { recursive: true });
});

async function remember(secret: string): Promise<void> {
  for (const stage of ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']) {
    const value = await rig.read(secret, stage).catch(() => undefined);
    if (value) passwords.add(value.password);
  }
}

async function rotate(secret: string): Promise<RotationResult> {
  const result = await rig.secrets.rotate(secret);
  if (result.error) errors.push(result.error.message);
  await remember(secret);
  return result;
}

const fields = (strategy: RotationStrategyName) => (strategy === 'alternating' ? { masterarn: rig.adminSecret } : {});

/** The user of a secret that was not made here; the admin may change it, or may not. */
async function adopted(
  strategy: RotationStrategyName,
  name: string,
  administered: boolean,
): Promise<{ secret: string; username: string }> {
  const login = { username: rig.name(name), password: randomPassword() };
  const admin = administered ? ` ADMIN "${rig.admin.username}"` : '';
  await own.query(
    `CREATE ROLE "${login.username}" LOGIN PASSWORD '${await scramVerifier(login.password, null)}'${admin}`,
  );
  return { username: login.username, secret: await rig.createSecret(name, rig.value(login, fields(strategy))) };
}

/** A text in the forms in which it may be found again. */
function forms(text: string): string[] {
  const bytes = Buffer.from(text);
  const md5s = [...new Set([rig.admin.username, ''])].map(name =>
    createHash('md5')
      .update(text + name)
      .digest('hex'),
  );
  return [
    text,
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    ...md5s,
  ];
}

test('no password, old or new, is in what is sent, logged, shown or told, whatever fails', async () => {
  for (const strategy of ['single', 'alternating'] as const) {
    const created = await rig.createUser(strategy, { strategy, privileges: 'connect' });
    await remember(created);
    for (let n = 0; n < 3; n++) expect(await rotate(created)).toMatchObject({ ok: true });

    const { secret, username } = await adopted(strategy, `held_${strategy}`, true);
    // so that the next one alters the first login
    if (strategy === 'alternating') expect(await rotate(secret)).toMatchObject({ ok: true });
    await withClient(server, server.superuser, 'postgres', async client => {
      await client.query(`BEGIN; ALTER ROLE "${username}" CONNECTION LIMIT 5`);
      expect(await rotate(secret)).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Locked' } });
      await client.query('ROLLBACK');
    });
  }
  const refused = await adopted('alternating', 'foreign', false);
  expect(await rotate(refused.secret)).toMatchObject(
    (await createRoleSuffices()) ? { ok: true } : { ok: false, error: { errorType: 'AdminOption' } },
  );
  expect(await rotate(rig.adminSecret)).toMatchObject({ ok: true });

  const statistics = JSON.stringify(await own.query('SELECT query FROM pg_stat_statements'));
  const places = {
    wire,
    activity,
    statistics,
    log: own.log().slice(logged),
    functions: rig.rotation.output + rig.databaseUser.output,
    errors: errors.join('\n'),
  };
  for (const [place, text] of Object.entries(places)) {
    // it looks where something is
    expect([place, text.includes('ALTER ROLE') || place === 'functions' || place === 'errors']).toEqual([place, true]);
    for (const password of passwords) {
      for (const form of forms(password)) expect([place, text.includes(form)]).toEqual([place, false]);
    }
  }
  expect(places.log).toMatch(/parse tree/);
  expect(places.functions).toMatch(/the step is done/);
  expect(errors.length).toBeGreaterThanOrEqual(2);
  expect(passwords.size).toBeGreaterThanOrEqual(12);
}, 60_000);

/** Before PostgreSQL 16 CREATEROLE lets the admin change every role that is no superuser. */
async function createRoleSuffices(): Promise<boolean> {
  const [{ version }] = await own.query("SELECT current_setting('server_version_num')::int AS version");
  return Number(version) < 160_000;
}
