import { Login } from '../../../client/src/login/login';
import { rotatingClients, versionOf } from '../../../client/src/login/rotating-client';
import { NotAdmitted } from '../../../client/src/login/until-accepted';
import { type FakeServer, startFakeServer } from '../../local/fake-server';
import { StubSecretsManager, version } from '../support/stub';

/** An error without fields, which ends the wait of a client that should not have asked. */
const ERROR = Buffer.from([0x45, 0, 0, 0, 5, 0]);
const PASSWORD = 'a-password-that-must-not-be-sent';
let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer([ERROR]);
});
afterEach(() => server.close());

async function clientsOf(port = server.port) {
  const secrets = new StubSecretsManager();
  const value = { host: 'localhost', port, username: 'somebody', password: PASSWORD };
  secrets.stages.AWSCURRENT = version('a', JSON.stringify(value));
  const login = new Login(secrets.source());
  await login.admission(Infinity);
  return { login, clients: rotatingClients(login, {}) };
}

test('a server without TLS is told nothing: no user, no password', async () => {
  const { clients } = await clientsOf();
  const client = new clients.Client();
  await expect(client.connect()).rejects.toThrow('does not support SSL');
  expect(server.received()).toBe('');
});

test('what a configuration says of the credential, the place and TLS is not used', async () => {
  const { clients } = await clientsOf(5433);
  const client = new clients.Client({
    connectionString: 'postgres://other:other@other:1/other',
    host: 'other',
    port: 1,
    user: 'other',
    password: 'other',
    database: 'other',
    ssl: false,
  });
  expect(client).toMatchObject({
    host: 'localhost',
    port: 5433,
    user: 'somebody',
    password: PASSWORD,
    database: 'postgres',
    ssl: { rejectUnauthorized: true },
  });
});

test('a version that another login tries at the moment is not tried, and opens no socket', async () => {
  const { login, clients } = await clientsOf();
  login.begins(login.version!);
  const client = new clients.Client();
  await expect(client.connect()).rejects.toThrow(NotAdmitted);
  expect(login.counters).toEqual({ logins: 0, refusedLogins: 0, searches: 0 });
});

test('a client that is handed over is the next one, once', async () => {
  const { login, clients } = await clientsOf();
  const spare = new clients.Client();
  clients.handOver(spare);
  expect(new clients.Client()).toBe(spare);
  const next = new clients.Client();
  expect(next).not.toBe(spare);
  expect(versionOf(next)).toBe(login.version);
});
