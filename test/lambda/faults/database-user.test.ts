import { type FaultyRig, startFaultyRig } from './rig';
import { withClient } from '../../local/postgres';
import { DeployedUser, membershipsOf } from '../support/deployed-user';

let rig: FaultyRig;
let app: DeployedUser;
let memberships: unknown;
beforeAll(async () => {
  rig = await startFaultyRig();
  app = await DeployedUser.create(rig, 'app');
  await rig.query(app.secret, 'CREATE SCHEMA sales; CREATE TABLE sales.orders (id serial)');
  memberships = await membershipsOf(rig);
});
afterAll(() => rig.stop());
jest.setTimeout(400_000);

/**
 * Does the work once for each message of PostgreSQL's protocol that it sends, and kills the function when the server
 * has answered it.
 */
async function killedEverywhere(
  prepare: (role: string) => Promise<DeployedUser>,
  work: (user: DeployedUser) => Promise<void>,
  check: (user: DeployedUser) => Promise<void>,
): Promise<number> {
  for (let last = 1; ; last++) {
    const user = await prepare(`killed${last}`);
    let seen = 0;
    rig.fault = ({ when, call }) => {
      if (when === 'before' || call || ++seen !== last) return;
      rig.databaseUser.kill();
      throw new Error('the function is gone');
    };
    const died = await work(user).then(
      () => false,
      error => error.errorType === 'Runtime.ExitError' || error,
    );
    rig.fault = undefined;
    expect([last, died]).toEqual([last, seen >= last]);
    await work(user);
    await check(user);
    if (!died) return last;
  }
}
const grants = { privileges: 'readOnly', onDelete: 'drop' } as const;

test('a change that the function dies in, at whatever message, is finished by the next request', async () => {
  const kills = await killedEverywhere(
    role => DeployedUser.create(rig, role, { ...grants, owner: app.username }),
    user =>
      user.request('Update', { ...user.properties, privileges: 'readWrite', schemas: '["sales"]' }, user.properties),
    async user => {
      expect([
        await user.may('INSERT INTO sales.orders DEFAULT VALUES'),
        await user.may('TRUNCATE sales.orders'),
      ]).toEqual(['may', '42501']);
      await user.delete();
      expect(await membershipsOf(rig)).toEqual(memberships);
    },
  );
  expect(kills).toBeGreaterThan(15);
});

test(
  'a deletion that the function dies in, at whatever message, is finished by the next request, and ' +
    'nothing is lost',
  async () => {
    const own = (user: DeployedUser) => `${user.username}_own`;
    const kills = await killedEverywhere(
      async role => {
        const furtherGrants = JSON.stringify([{ database: `${rig.name(role)}_own`, privileges: 'owner' }]);
        const user = await DeployedUser.create(rig, role, { ...grants, owner: app.username, furtherGrants });
        const { username, password } = await rig.read(user.secret);
        await withClient(rig, { username, password }, own(user), client =>
          client.query('CREATE TABLE kept AS SELECT 42 AS answer'),
        );
        return user;
      },
      user => user.delete(),
      async user => {
        const keeper = `${user.username}_kept`;
        expect(
          await rig.inspect('SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)', [user.username]),
        ).toEqual([{ rolname: keeper }]);
        const kept = "SELECT answer, tableowner AS owner FROM kept, pg_tables WHERE tablename = 'kept'";
        const rows = await withClient(rig, rig.superuser, own(user), async client => (await client.query(kept)).rows);
        expect(rows).toEqual([{ answer: 42, owner: keeper }]);
        const owner = await rig.inspect('SELECT pg_get_userbyid(datdba) AS name FROM pg_database WHERE datname = $1', [
          own(user),
        ]);
        expect(owner).toEqual([{ name: rig.admin.username }]);
        expect((await membershipsOf(rig)).filter(({ role }) => !String(role).endsWith('_kept'))).toEqual(memberships);
        await rig.inspect(`DROP DATABASE "${own(user)}"`);
      },
    );
    expect(kills).toBeGreaterThan(20);
  },
);
