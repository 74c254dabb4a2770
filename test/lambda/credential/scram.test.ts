import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { scramVerifier } from '../../../lambda/credential/scram';
import { withClient } from '../../local/postgres';
import { newTenancy } from '../../local/servers';

test('PostgreSQL takes the verifier for a password, stores it as it is, and logs in with the password', async () => {
  const server = await newTenancy();
  const login = { username: server.name('verified'), password: 'pencil' };
  const verifier = await scramVerifier(login.password, '5000');
  const stored = await withClient(server, server.superuser, 'postgres', async client => {
    await client.query(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${verifier}'`);
    return (await client.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [login.username])).rows;
  });
  expect(stored).toEqual([{ rolpassword: verifier }]);
  await withClient(server, login, 'postgres', async () => undefined);
  await expect(
    withClient(server, { ...login, password: 'pencils' }, 'postgres', async () => undefined),
  ).rejects.toMatchObject({ code: '28P01' });
});

test("the verifier is RFC 5802's, with the salt in it", async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'); // RFC 7677, section 3: user "user", password "pencil"
  const salted = pbkdf2Sync('pencil', salt, 4096, 32, 'sha256');
  const stored = createHash('sha256')
    .update(createHmac('sha256', salted).update('Client Key').digest())
    .digest('base64');
  const server = createHmac('sha256', salted).update('Server Key').digest('base64');
  expect(await scramVerifier('pencil', '4096', salt)).toBe(
    `SCRAM-SHA-256$4096:${salt.toString('base64')}$${stored}:${server}`,
  );
});

test.each([
  [null, 4096],
  ['1', 4096],
  ['4096', 4096],
  ['30000', 30000],
  ['5000000', 100000],
])('a server with %s iterations gets %d', async (setting, iterations) => {
  expect(await scramVerifier('pencil', setting)).toMatch(`SCRAM-SHA-256$${iterations}:`);
});

test('two verifiers of one password differ', async () => {
  expect(await scramVerifier('pencil', null)).not.toBe(await scramVerifier('pencil', null));
});

describe('a password that is not ASCII', () => {
  const CLASSES: readonly (readonly [string, string])[] = [
    ['Latin, composed', 'caf\u00e9'],
    ['Latin, decomposed', 'cafe\u0301'],
    ['a ligature', '\ufb01n'],
    ['full width', '\uff21\uff22'],
    ['half width', '\uff76\uff9e'],
    ['a no-break space', 'a\u00a0b'],
    ['an ideographic space', 'a\u3000b'],
    ['a zero-width space', 'a\u200bb'],
    ['a soft hyphen', 'a\u00adb'],
    ['a joiner', 'a\u200db'],
    ['a variation selector', 'a\ufe0fb'],
    ['a byte-order mark', '\ufeffa'],
    ['Greek', '\u03c0\u03ac'],
    ['Cyrillic', '\u0436\u0439'],
    ['Han', '\u6f22\u5b57'],
    ['Hangul jamo', '\u1112\u1161\u11ab'],
    ['Hebrew', '\u05d0\u05d1'],
    ['Hebrew and Latin, which RFC 4013 prohibits', '\u05d0a'],
    ['a superscript', 'x\u00b2'],
    ['a Roman numeral', '\u2163'],
    ['an emoji, which Unicode 3.2 lacks', 'a\u{1f600}'],
    ['for private use', 'a\ue000'],
    ['a control character', 'a\u0085b'],
    ['an ohm sign', '\u2126'],
    ['a Mongolian separator', 'a\u1806b'],
    ['outside the BMP', '\u{1d400}'],
  ];

  test.each(CLASSES)('has the verifier that PostgreSQL makes of it, and logs in: %s', async (_, password) => {
    const server = await newTenancy();
    const login = { username: server.name('unicode'), password };
    const [{ rolpassword }] = await withClient(server, server.superuser, 'postgres', async client => {
      await client.query(`CREATE ROLE "${login.username}" LOGIN PASSWORD '${password}'`);
      return (
        await client.query<{ rolpassword: string }>('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [
          login.username,
        ])
      ).rows;
    });
    const [, iterations, salt] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(rolpassword)!;
    expect(await scramVerifier(password, iterations, Buffer.from(salt, 'base64'))).toBe(rolpassword);
    await withClient(server, login, 'postgres', async () => undefined);
  });
});
