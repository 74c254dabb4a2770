import * as fc from 'fast-check';
import { parseSecretValue } from '../../../client/src/shared/secret-value';

const valid = {
  engine: 'postgres',
  host: 'db.example.com',
  port: 5433,
  username: 'app',
  password: 'wKq8-secret',
  dbname: 'orders',
};
const parse = (value: unknown) => parseSecretValue(JSON.stringify(value), 'secret Orders');

test('a value is read with its defaults, and keys that are not ours are kept', () => {
  expect(parse({ ...valid, owner: 'team' })).toEqual({ ...valid, owner: 'team' });
  const { host, username, password } = valid;
  expect(parse({ host, username, password })).toEqual({
    engine: 'postgres',
    host,
    username,
    password,
    port: 5432,
    dbname: 'postgres',
  });
});

test.each([
  ['5433', 5433],
  [1, 1],
  ['65535', 65535],
])('the port %p is %p', (port, expected) => {
  expect(parse({ ...valid, port }).port).toBe(expected);
});

test.each([
  ['port', 'abc'],
  ['port', 0],
  ['port', 65536],
  ['port', '5432x'],
  ['port', 54.5],
  ['port', ''],
  ['port', null],
  ['port', [5432]],
  ['engine', 'mysql'],
  ['engine', ''],
  ['host', undefined],
  ['host', ''],
  ['host', 7],
  ['host', '/var/run/postgresql'],
  ['host', 'a b'],
  ['username', undefined],
  ['username', '  '],
  ['username', 'app\0options'],
  ['password', undefined],
  ['password', ''],
  ['password', { a: 1 }],
  ['dbname', ''],
  ['dbname', 5],
  ['masterarn', ''],
  ['masterarn', false],
])('the field %s is refused as %p, by name', (field, value) => {
  expect(() => parse({ ...valid, [field]: value })).toThrow(new RegExp(`^secret Orders: field "${field}" `));
});

test.each([
  [undefined, 'has no SecretString'],
  ['wKq8-secret', 'is not JSON'],
  ['', 'is not JSON'],
  ['{"password":"wKq8-secret"', 'is not JSON'],
  ['null', 'must be a JSON object, but is null'],
  ['["wKq8-secret"]', 'must be a JSON object, but is a list'],
  ['"wKq8-secret"', 'must be a JSON object, but is a string'],
])('the text %p is refused: %s', (text, reason) => {
  expect(() => parseSecretValue(text, 'secret Orders')).toThrow(`secret Orders: ${reason}`);
});

test('no error repeats anything of a value, nor carries a cause that does', () => {
  const odd = fc.oneof(
    fc.constant(valid.password),
    fc.constant(null),
    fc.integer(),
    fc.constant(`${valid.password}\0`),
    fc.constant([valid.password]),
  );
  fc.assert(
    fc.property(
      fc.record({ engine: odd, host: odd, port: odd, username: odd, password: odd, dbname: odd }),
      fc.nat(200),
      (value, cut) => {
        const text = JSON.stringify(value);
        for (const attempt of [text, text.slice(0, cut)]) {
          try {
            parseSecretValue(attempt, 'secret Orders');
          } catch (error) {
            expect((error as Error).message).not.toContain(valid.password.slice(0, 4));
            expect((error as Error).cause).toBeUndefined();
          }
        }
      },
    ),
  );
});
