import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { rotatingPool } from '../../../client/src/pool/rotating-pool';
import { createAuthority } from '../../local/certificate';
import { StubSecretsManager, version } from '../support/stub';

const PASSWORD = 'a-password-that-must-not-be-sent';

/** The authentication requests of PostgreSQL's protocol: type, length, method. */
const request = (method: number, ...rest: number[]) =>
  Buffer.from([0x52, 0, 0, 0, 8 + rest.length, 0, 0, 0, method, ...rest]);
const OK = request(0);
const CLEARTEXT = request(3);
const MD5 = request(5, 1, 2, 3, 4);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

test.each([
  ['asks for the password in the clear', CLEARTEXT],
  ['asks for the password as MD5', MD5],
  ['lets a login pass without SCRAM', Buffer.concat([OK, READY])],
])(
  'a server with a good certificate that %s is an error, gets no password, and its connection ends',
  async (message, answer) => {
    const authority = await createAuthority('An authority of the test');
    const identity = await authority.issue('localhost');
    let received = Buffer.alloc(0);
    let closed: Promise<unknown> | undefined;
    const speak = (socket: Socket) => {
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, cert: identity.certificate, key: identity.privateKey });
      closed = once(secure, 'close');
      secure
        .on('error', () => undefined)
        .once('data', () => {
          secure.write(answer);
          secure.on('data', chunk => {
            received = Buffer.concat([received, chunk]);
          });
        });
    };
    const server = createServer(socket => socket.on('error', () => undefined).once('data', () => speak(socket)));
    await once(server.listen(0, '127.0.0.1'), 'listening');

    const { port } = server.address() as AddressInfo;
    const secrets = new StubSecretsManager();
    secrets.stages.AWSCURRENT = version(
      'a',
      JSON.stringify({ host: 'localhost', port, username: 'app', password: PASSWORD }),
    );
    const pool = rotatingPool({ secretId: 'Orders', client: secrets.client, ca: authority.certificate });
    await expect(pool.query('select 1')).rejects.toMatchObject({
      code: 'Scram',
      message: expect.stringContaining(message),
    });
    await closed;
    expect(received.toString('latin1')).not.toContain(PASSWORD);
    expect(received.toString('latin1')).not.toContain('md5');
    expect(received.toString('latin1')).not.toContain('select');
    expect(pool.totalCount).toBe(0);
    await pool.end();
    server.close();
  },
);
