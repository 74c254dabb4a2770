import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Client, Pool } from 'pg';
import { rotatingPool } from '../../../client/src/pool/rotating-pool';
import { ScramOnly } from '../../../client/src/shared/scram-only';
import { createAuthority } from '../../local/certificate';
import { StubSecretsManager, version } from '../support/stub';
import { until } from '../support/until';

const PASSWORD = 'a-password-that-must-not-be-sent';

/** The authentication requests of PostgreSQL's protocol: type, length, method. */
const request = (method: number, ...rest: number[]) =>
  Buffer.from([0x52, 0, 0, 0, 8 + rest.length, 0, 0, 0, method, ...rest]);
const OK = request(0);
const CLEARTEXT = request(3);
const MD5 = request(5, 1, 2, 3, 4);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

describe('a login counts', () => {
  const watched = (allowMd5?: boolean) => {
    const destroy = jest.fn();
    const connection = Object.assign(new EventEmitter(), { stream: { destroy } });
    const scram = new ScramOnly('localhost:5432', allowMd5);
    scram.watch({ connection } as unknown as Client);
    const servers = (...requests: string[]) => requests.forEach(name => connection.emit(name));
    return { scram, servers, destroy };
  };
  const refused = { code: 'Scram' };

  test('after a complete SCRAM exchange', () => {
    const { scram, servers, destroy } = watched();
    servers('authenticationSASLFinal');
    expect(() => scram.check()).not.toThrow();
    expect(scram.wasMd5).toBe(false);
    expect(destroy).not.toHaveBeenCalled();
  });

  test('not where the server asked for nothing, whether or not MD5 is allowed', () => {
    for (const allowMd5 of [undefined, false, true]) {
      expect(() => watched(allowMd5).scram.check()).toThrow(expect.objectContaining(refused));
    }
  });

  test.each([
    ['authenticationCleartextPassword', false],
    ['authenticationCleartextPassword', true],
    ['authenticationMD5Password', undefined],
    ['authenticationMD5Password', false],
  ])('not after %s where MD5 is allowed: %s; the connection is destroyed before pg can answer', (name, allowMd5) => {
    const { scram, servers, destroy } = watched(allowMd5);
    servers(name);
    expect(destroy.mock.calls).toEqual([[expect.objectContaining(refused)]]);
    expect(() => scram.check()).toThrow(expect.objectContaining(refused));
  });

  test('after MD5 where that is allowed, and says that it was MD5', () => {
    const { scram, servers, destroy } = watched(true);
    servers('authenticationMD5Password');
    expect(() => scram.check()).not.toThrow();
    expect(scram.wasMd5).toBe(true);
    expect(destroy).not.toHaveBeenCalled();
  });
});

describe('a server with a good certificate', () => {
  let server: Server;
  let pool: Pool;
  const open = new Set<Socket>();
  afterEach(async () => {
    for (const socket of open) socket.destroy();
    await pool.end();
    server.close();
  });

  test.each([
    ['asks for the password in the clear', CLEARTEXT],
    ['asks for the password as MD5', MD5],
    ['lets a login pass without SCRAM', Buffer.concat([OK, READY])],
  ])('that %s is an error, gets no password, and its connection ends', async (message, answer) => {
    const authority = await createAuthority('An authority of the test');
    const identity = await authority.issue('localhost');
    let received = Buffer.alloc(0);
    const speak = (socket: Socket) => {
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, cert: identity.certificate, key: identity.privateKey });
      open.add(secure);
      secure
        .on('error', () => undefined)
        .on('close', () => open.delete(secure))
        .once('data', () => {
          secure.write(answer);
          secure.on('data', chunk => {
            received = Buffer.concat([received, chunk]);
            secure.destroy(); // a client that says more waits for no answer
          });
        });
    };
    server = createServer(socket => socket.on('error', () => undefined).once('data', () => speak(socket)));
    await once(server.listen(0, '127.0.0.1'), 'listening');

    const { port } = server.address() as AddressInfo;
    const secrets = new StubSecretsManager();
    secrets.stages.AWSCURRENT = version(
      'a',
      JSON.stringify({ host: 'localhost', port, username: 'app', password: PASSWORD }),
    );
    pool = rotatingPool({ secretId: 'Orders', client: secrets.client, ca: authority.certificate });
    await expect(pool.query('select 1')).rejects.toMatchObject({
      code: 'Scram',
      message: expect.stringContaining(message),
    });
    await until(() => open.size === 0);
    expect(received.toString('latin1')).not.toContain(PASSWORD);
    expect(received.toString('latin1')).not.toContain('md5');
    expect(received.toString('latin1')).not.toContain('select');
    expect(pool.totalCount).toBe(0);
  });
});
