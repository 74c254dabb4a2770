import pg from 'pg';
import { connectionString } from '../../../client/src/secret/connection-string';
import { Application } from '../support/fixture';
import { StubSecretsManager, version } from '../support/stub';

describe('a connection string for a tool', () => {
  const username = 'a p@p/';
  const value = { host: 'db.example.com', username, password: 'p%a:s/s@w?o#r d+\'"&=é', dbname: 'or ders/1' };
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
