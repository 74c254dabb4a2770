import { inspect } from 'node:util';
import pg from 'pg';
import { rotatingPool } from '../../../client/src/pool/rotating-pool';
import { secretCredentials } from '../../../client/src/secret/credentials';
import { regionOf } from '../../../client/src/secret/secret-reader';
import { Env } from '../../../src/contract';
import { newTenancy } from '../../local/servers';

/** Any use of the SDK fails here. */
jest.mock('../../../client/src/secret/sdk', () => ({ loadSdk: () => Promise.reject(new Error('the SDK was loaded')) }));

const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Orders-AbCdEf';
beforeEach(() => {
  delete process.env[Env.DATABASE_URL];
  delete process.env[Env.SECRET_ARN];
});

test('a connection string is used as it is: no SDK is loaded, no call made, and no password shown', async () => {
  const tenancy = await newTenancy();
  const { username, password } = tenancy.admin;
  process.env[Env.DATABASE_URL] =
    `postgres://${username}:${password}@localhost:${tenancy.port}/${tenancy.database}` +
    `?sslmode=verify-full&sslrootcert=${tenancy.caFile}`;
  process.env[Env.SECRET_ARN] = SECRET;
  const pool = rotatingPool();
  try {
    expect(pool).toBeInstanceOf(pg.Pool);
    expect((await pool.query('select session_user::text as name')).rows).toEqual([{ name: username }]);
    expect(inspect(pool, { depth: 20 })).not.toContain(password);
    expect(JSON.stringify(pool.options)).not.toContain(password);
  } finally {
    await pool.end();
  }
});

test('a secret that the program names goes before the environment', async () => {
  process.env[Env.DATABASE_URL] = 'postgres://localhost/none';
  await expect(rotatingPool({ secretId: SECRET }).query('select 1')).rejects.toThrow('the SDK was loaded');
});

test('the secret of the environment is used', async () => {
  process.env[Env.SECRET_ARN] = SECRET;
  await expect(rotatingPool().query('select 1')).rejects.toThrow('the SDK was loaded');
});

test('without a secret or a connection string the error says what to set', () => {
  expect(() => rotatingPool()).toThrow(/set ROTATING_POSTGRES_SECRET_ARN .* DATABASE_URL .* "secretId"/);
});

test('one source serves a secret in a process', () => {
  expect(secretCredentials(SECRET)).toBe(secretCredentials(SECRET));
  expect(secretCredentials('Orders')).not.toBe(secretCredentials(SECRET));
});

test.each([
  [SECRET, 'eu-west-1'],
  ['arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:Orders-AbCdEf', 'cn-north-1'],
  ['arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:Orders-AbCdEf', 'us-gov-west-1'],
  ['Orders', undefined],
])('the region of %s is %s', (secretId, region) => {
  expect(regionOf(secretId)).toBe(region);
});
