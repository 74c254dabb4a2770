import { randomUUID } from 'node:crypto';
import { type Rig, startRig } from '../support/rig';
import { trap } from '../support/trap';

let rig: Rig;
let secret: string;

const setDefault = (setting: string) => `ALTER DATABASE "${rig.database}" SET ${setting};`;
const caught = (who: string) => rig.serverLog().includes(`CAUGHT ${who} in`);

beforeAll(async () => {
  rig = await startRig();
  secret = await rig.createUser('hostile');
  await rig.query(
    secret,
    `
    ${trap('current_setting', 'text, boolean', 'text')}
    ${trap('substr', 'text, int', 'text')}
    ${trap('unnest', 'text[]', 'text')}
    ${trap('pg_get_userbyid', 'oid', 'name')}
    ${trap('name_equals', 'name, name', 'boolean')}
    ${trap('text_like', 'text, text', 'boolean')}
    CREATE OPERATOR public.= (FUNCTION = public.name_equals, LEFTARG = name, RIGHTARG = name);
    CREATE OPERATOR public.~~ (FUNCTION = public.text_like, LEFTARG = text, RIGHTARG = text);
    CREATE VIEW public.pg_roles AS SELECT public.current_setting('x', true) AS rolname;
    ${setDefault('search_path = public, pg_catalog')}`,
  );
  await rig.inspect("SELECT rolname FROM pg_roles WHERE 'a'::name = 'b'::name");
});
afterAll(() => rig.stop());

test('the traps catch an administrator who does not take care', () => {
  expect(caught(rig.superuser.username)).toBe(true);
});

describe('with database defaults that are meant to fail others', () => {
  beforeAll(() =>
    rig.query(
      secret,
      [
        `role = '${rig.name('hostile')}'`,
        "statement_timeout = '1ms'",
        "lock_timeout = '1ms'",
        'standard_conforming_strings = off',
        'default_transaction_read_only = on',
      ]
        .map(setDefault)
        .join('\n'),
    ),
  );

  test('the admin, whose secret names this database, rotates all the same', async () => {
    expect(await rig.secrets.rotate(rig.adminSecret)).toMatchObject({ ok: true });
    expect(await rig.secrets.rotate(rig.adminSecret)).toMatchObject({ ok: true });
    expect(caught(rig.admin.username)).toBe(false);
  });

  test('the owner rotates by alternating users all the same', async () => {
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(await rig.secrets.rotate(secret)).toMatchObject({ ok: true });
    expect(caught(rig.admin.username)).toBe(false);
  });

  test('another user is created in this database all the same', async () => {
    const username = rig.name('guest');
    const guest = await rig.createSecret('guest', { username, password: `initial-${randomUUID()}` });
    const ResourceProperties = rig.properties(guest, username, { privileges: 'connect' });
    await rig.databaseUser.invoke({ RequestType: 'Create', RequestId: randomUUID(), ResourceProperties });
    expect((await rig.read(guest)).username).toBe(username);
    expect(caught(rig.admin.username)).toBe(false);
  });
});
