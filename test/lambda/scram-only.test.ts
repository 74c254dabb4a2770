import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { type Rig, startRig } from './rig';
import { type Authority, createAuthority } from '../local/certificate';
import { FunctionProcess } from '../local/function-process';

const PASSWORD = 'a-password-that-must-not-be-sent';

let rig: Rig;
let authority: Authority;
let trusting: FunctionProcess;
let directory: string;

beforeAll(async () => {
  rig = await startRig();
  authority = await createAuthority('An authority of the test');
  directory = mkdtempSync(join(tmpdir(), 'scram-only-'));
  writeFileSync(join(directory, 'ca.pem'), authority.certificate);
  trusting = new FunctionProcess('rotation', { ...rig.secrets.environment, NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') });
});
afterAll(async () => {
  await trusting.stop();
  await rig.stop();
  rmSync(directory, { recursive: true });
});

/** The authentication requests of PostgreSQL's protocol: type, length, method. */
const request = (method: number, ...rest: number[]) => Buffer.from([0x52, 0, 0, 0, 8 + rest.length, 0, 0, 0, method, ...rest]);
const OK = request(0);
const CLEARTEXT = request(3);
const MD5 = request(5, 1, 2, 3, 4);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** A server with a good certificate that answers a start-up message with this, and keeps what comes after. */
async function server(answer: Buffer): Promise<{ port: number; received: () => string; close(): void }> {
  const identity = await authority.issue('localhost');
  let received = Buffer.alloc(0);
  const speak = (socket: Socket) => {
    socket.write('S');
    const secure = new TLSSocket(socket, { isServer: true, cert: identity.certificate, key: identity.privateKey });
    secure.on('error', () => undefined);
    secure.once('data', () => {
      secure.write(answer);
      secure.on('data', chunk => { received = Buffer.concat([received, chunk]); });
    });
  };
  const listener = createServer(socket => socket.on('error', () => undefined).once('data', () => speak(socket)));
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve));
  return { port: (listener.address() as AddressInfo).port, received: () => received.toString('latin1'), close: () => listener.close() };
}

test.each([
  ['asks for the password in the clear', CLEARTEXT],
  ['asks for the password as MD5', MD5],
  ['lets a login pass without SCRAM', Buffer.concat([OK, READY])],
])('a server that %s gets no password, and no rotation', async (message, answer) => {
  const { port, received, close } = await server(answer);
  try {
    const secret = await rig.createSecret('weak', rig.value({ username: 'somebody', password: PASSWORD }, { port }));
    const result = await rig.secrets.rotate(secret, {
      beforeStep: async (step, event) => {
        if (step === 'setSecret') await trusting.invoke(event);
      },
    });
    expect(result).toMatchObject({ ok: false, step: 'setSecret', error: { errorType: 'Scram', errorMessage: expect.stringContaining(message) } });
    expect(received()).not.toContain(PASSWORD);
    expect(received()).not.toContain('md5');
    expect(received()).not.toContain('ALTER ROLE');
  } finally {
    close();
  }
});
