import pg from 'pg';
import { rotatingPool } from '../../../client/src/pool/rotating-pool';
import { connectionString } from '../../../client/src/secret/connection-string';
import { Env } from '../../../src/contract';
import { Application } from '../support/fixture';
import { StubSecretsManager, version } from '../support/stub';

describe('a connection string for a tool', () => {
  const value = { host: 'db.example.com', username: 'a p@p/', password: 'p%a:s/s@w?o#r d+\'"&=é', dbname: 'or ders/1' };
  const secrets = new StubSecretsManager();
  beforeEach(() => {
    secrets.stages.AWSCURRENT = version('a', JSON.stringify(value));
  });

  test('survives every character, and asks for verified TLS', async () => {
    const text = await connectionString('Orders', { client: secrets.client });
    expect(text).toMatch(/^postgresql:\/\/[!-~]+\?sslmode=verify-full$/);
    expect(text).not.toMatch(/['"]/);
    const client = new pg.Client(text);
    expect(client).toMatchObject({ host: value.host, port: 5432, user: value.username, password: value.password });
    expect(decodeURIComponent(new URL(text).pathname.slice(1))).toBe(value.dbname);
    expect(client.ssl).toBeTruthy();
  });

  test('names another place and the roots where it is told to', async () => {
    const options = {
      client: secrets.client,
      host: '::1',
      port: 5433,
      database: 'x',
      rootCertificates: '/etc/my roots.pem',
    };
    expect(await connectionString('Orders', options)).toMatch(
      /@\[::1\]:5433\/x\?sslmode=verify-full&sslrootcert=%2Fetc%2Fmy%20roots.pem$/,
    );
  });

  test('has the credential of this moment', async () => {
    await connectionString('Orders', { client: secrets.client });
    secrets.stages.AWSCURRENT = version('b', JSON.stringify({ ...value, password: 'new' }));
    expect(await connectionString('Orders', { client: secrets.client })).toContain(':new@');
  });

  test('logs in', async () => {
    const app = await Application.start();
    const client = new pg.Client(
      await connectionString(app.secretArn, {
        client: app.secretsManager.client,
        rootCertificates: app.tenancy.caFile,
      }),
    );
    await client.connect();
    await client.end();
    await app.stop();
  });
});

describe('TLS of a connection string', () => {
  const warned: string[] = [];
  const logger = { info: () => {}, warn: (message: string) => void warned.push(message), error: () => {} };
  const pools: pg.Pool[] = [];
  const sslOf = (text: string): unknown => {
    process.env[Env.DATABASE_URL] = text;
    const pool = rotatingPool({ logger });
    pools.push(pool);
    return new pg.Client(pool.options).ssl;
  };
  beforeEach(() => {
    warned.length = 0;
  });
  afterEach(async () => {
    delete process.env[Env.DATABASE_URL];
    await Promise.all(pools.splice(0).map(pool => pool.end()));
  });

  test.each(['localhost', '127.0.0.1', '[::1]', 'db'])('to %s it is as the string says', host => {
    expect(sslOf(`postgres://app:secret@${host}/orders`)).toBe(false);
    expect(sslOf(`postgres://app:secret@${host}/orders?sslmode=disable`)).toBe(false);
    expect(warned).toEqual([]);
  });

  test.each([
    'postgres://app:secret@db.example.com/orders',
    'postgres://app:secret@10.0.0.1/orders',
    'postgres://localhost/orders?host=db.example.com',
  ])('to another host it is verified where the string does not say: %s', text => {
    expect(sslOf(text)).toMatchObject({ rejectUnauthorized: true, secureContext: expect.anything() });
    expect(warned).toEqual([]);
  });

  test.each([
    'sslmode=disable',
    'sslmode=no-verify',
    'ssl=0',
    'sslmode=require&uselibpqcompat=true',
    'sslmode=prefer&uselibpqcompat=true',
  ])('to another host, %s holds and is warned of', query => {
    const ssl = sslOf(`postgres://app:secret@db.example.com/orders?${query}`);
    expect(ssl === false || (ssl as { rejectUnauthorized: boolean }).rejectUnauthorized === false).toBe(true);
    expect(warned).toEqual([expect.stringContaining('db.example.com')]);
    expect(warned[0]).not.toContain('secret');
  });

  test('to another host, sslmode=verify-full is not warned of', () => {
    expect(sslOf('postgres://app:secret@db.example.com/orders?sslmode=verify-full')).toEqual({});
    expect(warned).toEqual([]);
  });
});
