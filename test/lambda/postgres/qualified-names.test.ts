import { TagResourceCommand } from '@aws-sdk/client-secrets-manager';
import { fingerprint } from 'libpg-query';
import { BindingTag, Env } from '../../../src/contract';
import { FunctionProcess } from '../../local/function-process';
import { OwnServer } from '../../local/own-server';
import { type LocalPostgres, startPostgres, withClient } from '../../local/postgres';
import { statementTypes, unqualifiedNames } from '../../local/sql-tree';
import { logStatements, statementsOf } from '../../local/statement-log';
import { byThird, createApplication, furnish, obey, run } from '../support/aws-made-application';
import { DeployedUser } from '../support/deployed-user';
import { createGroups } from '../support/privileged';
import { type Rig, startRig } from '../support/rig';

let server: LocalPostgres;
let own: OwnServer;
let rig: Rig;
let revocation: FunctionProcess;
beforeAll(async () => {
  server = await startPostgres();
  own = new OwnServer(server);
  await logStatements(own);
  rig = await startRig({}, server, { [Env.RETIRE_AFTER]: '3600', [Env.TERMINATE_SESSIONS]: 'true' });
  revocation = new FunctionProcess('revocation', { ...rig.secrets.environment, NODE_EXTRA_CA_CERTS: rig.caFile });
}, 30_000);
afterAll(async () => {
  await revocation.stop();
  await rig.stop();
  await server.stop();
});

const rotates = async (secret: string, times = 1, { secrets } = rig) => {
  for (let rotation = 0; rotation < times; rotation++) {
    expect(await secrets.rotate(secret)).toMatchObject({ ok: true });
  }
};
/** The login works at its next rotation, or at what else is awaited. */
const connected = async (secret: string, work: () => Promise<unknown>) => {
  const { username, password, dbname } = await rig.read(secret);
  await withClient(rig, { username, password }, dbname!, async client => {
    client.on('error', () => undefined); // its session is ended
    await work();
  });
};

/** Everything that the functions do on a server, by what it takes to have them do it. */
const WORK: Record<string, () => Promise<unknown>> = {
  "a single user's rotation": async () => rotates(await rig.createUser('single', { strategy: 'single' }), 2),
  "a single user's rotation by the admin": async () => {
    const secret = await rig.createUser('helped', { strategy: 'single', privileges: 'connect' });
    const Tags = [{ Key: BindingTag.ADMIN_SECRET, Value: rig.adminSecret }];
    await rig.secrets.client.send(new TagResourceCommand({ SecretId: secret, Tags }));
    await rotates(secret);
    await rig.inspect(`ALTER ROLE "${rig.name('helped')}" PASSWORD 'nobody-knows'`);
    await rotates(secret);
  },
  "an admin's own rotation": async () => {
    const other = await startRig({}, server);
    await rotates(other.adminSecret, 1, other);
    await other.stop();
  },
  'alternating users, with settings, sessions that end, and an admin that is no member of pg_signal_backend':
    async () => {
      const secret = await rig.createUser('alternating', { privileges: 'connect' });
      await rig.inspect(`ALTER ROLE "${rig.name('alternating')}" SET search_path = a, b`);
      await rig.inspect(`ALTER ROLE "${rig.name('alternating')}" IN DATABASE "${rig.database}" SET work_mem = '8MB'`);
      await rotates(secret, 2);
      await connected(secret, () => rotates(secret, 2));
      await rig.inspect(`REVOKE rds_superuser FROM "${rig.admin.username}"`);
      await connected(secret, () => rotates(secret, 2));
      await rig.inspect(`GRANT rds_superuser TO "${rig.admin.username}"`);
    },
  'alternating users whose host is another name of the server': async () => {
    const login = await rig.read(await rig.createUser('elsewhere', { privileges: 'connect' }));
    const fields = { host: '127.0.0.1', masterarn: rig.adminSecret };
    await rig.inspect(`COMMENT ON ROLE "${login.username}" IS NULL`);
    await rotates(await rig.createSecret('elsewhere', rig.value(login, fields)), 2);
  },
  "an alternate that AWS's function made": async () => {
    const app = await createApplication(rig, 'aws', 'owner');
    await furnish(rig, app);
    await run(rig, rig.superuser, 'postgres', `ALTER ROLE "${app.alternate.username}" CREATEDB`);
    await run(rig, app.third, app.database, byThird(app, app.alternate).join(';'));
    const { error, token } = await rig.secrets.rotate(app.secret);
    await obey(rig, app, error!.message);
    expect(await rig.secrets.retry(app.secret, token)).toMatchObject({ ok: true });
    await rotates(app.secret);
  },
  'a revocation': async () => {
    const secret = await rig.createUser('revoked', { privileges: 'connect' });
    await rotates(secret);
    await rig.inspect(`ALTER ROLE "${rig.name('revoked')}" SET work_mem = '8MB'`);
    await connected(secret, () => revocation.invoke({ SecretId: secret }));
    await rotates(secret);
  },
  'users who own, read, write and connect, in databases of their own and in others': async () => {
    const database = rig.name('shop');
    const owner = await DeployedUser.create(rig, 'owner', { database, onDelete: 'drop' });
    await rotates(owner.secret);
    await rig.query(owner.secret, 'CREATE SCHEMA sales; CREATE TABLE sales.orders (id serial)');
    const access = { database, owner: owner.username, onDelete: 'drop' } as const;
    const reader = await DeployedUser.create(rig, 'reader', { ...access, privileges: 'readOnly' });
    const writer = await DeployedUser.create(rig, 'writer', {
      ...access,
      privileges: 'readWrite',
      schemas: '["sales"]',
    });
    await reader.update({ privileges: 'readWrite', schemas: '["sales"]' });
    await writer.update({ privileges: 'readOnly', schemas: undefined });
    await writer.update({ furtherGrants: JSON.stringify([{ database: rig.name('more'), privileges: 'owner' }]) });
    await reader.update({ privileges: 'connect', owner: undefined, schemas: undefined });
    for (const user of [reader, writer, owner]) await connected(user.secret, () => user.delete());
  },
  'a user who logs in by IAM': async () => {
    await createGroups(rig);
    await rig.inspect(`GRANT rds_iam TO "${rig.admin.username}" WITH ADMIN OPTION`);
    const user = await DeployedUser.iam(rig, 'analyst', { privileges: 'connect', onDelete: 'drop' });
    await user.update({});
    await user.delete();
  },
};

/** What must have been sent, so that the names in a few statements prove nothing. */
const TYPES = [
  ...['AlterDefaultPrivilegesStmt', 'AlterOwnerStmt', 'AlterRoleSetStmt', 'AlterRoleStmt', 'CommentStmt'],
  ...['CreateRoleStmt', 'CreatedbStmt', 'DropOwnedStmt', 'DropRoleStmt', 'GrantRoleStmt', 'GrantStmt'],
  ...['ReassignOwnedStmt', 'SelectStmt', 'TransactionStmt', 'VariableSetStmt'],
];
const FEWEST_QUERIES = 24;

test('no statement that the functions send has a name that somebody else could give a meaning', async () => {
  for (const work of Object.values(WORK)) await work();
  const statements = [...new Set(statementsOf(own, 'cdk-rotating-postgres'))];
  const looked = await Promise.all(
    statements.map(async statement => ({ statement, names: await unqualifiedNames(statement) })),
  );
  expect(looked.filter(({ names }) => names.length > 0)).toEqual([]);

  const types = await Promise.all(statements.map(statementTypes));
  expect([...new Set(types.flat())].sort()).toEqual(TYPES);
  const queries = statements.filter((_, index) => types[index].join() === 'SelectStmt');
  expect(new Set(await Promise.all(queries.map(fingerprint))).size).toBeGreaterThanOrEqual(FEWEST_QUERIES);
}, 120_000);
