import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Authority } from './certificate';

/** Messages of a PostgreSQL server: type, length, content. */
const message = (type: string, ...content: number[]) =>
  Buffer.from([type.charCodeAt(0), 0, 0, 0, 4 + content.length, ...content]);
const authentication = (method: number, ...rest: number[]) => message('R', 0, 0, 0, method, ...rest);
export const Answer = {
  OK: authentication(0),
  CLEARTEXT: authentication(3),
  MD5: authentication(5, 1, 2, 3, 4),
  SASL: authentication(10, ...Buffer.from('SCRAM-SHA-256\0\0')),
  READY: message('Z', 'I'.charCodeAt(0)),
} as const;

/** A server that misbehaves as no real one does. */
export interface FakeServer {
  readonly port: number;
  /** All that clients sent, after what asks for TLS. */
  received(): string;
  close(): void;
}

/**
 * Answers each message of a client with the next of the answers, and falls silent after the last.
 *
 * @param authority who vouches for the server; without one it answers that it has no TLS, and goes on without
 */
export async function startFakeServer(answers: readonly Buffer[], authority?: Authority): Promise<FakeServer> {
  const identity = await authority?.issue('localhost');
  let received = Buffer.alloc(0);
  const speak = (socket: Socket) => {
    const rest = [...answers];
    socket
      .on('error', () => undefined)
      .on('data', chunk => {
        received = Buffer.concat([received, chunk]);
        const answer = rest.shift();
        if (answer) socket.write(answer);
      });
  };
  const serve = async (socket: Socket) => {
    const [first] = (await once(socket, 'data')) as [Buffer];
    const asksForTls = first.length === 8 && first.readInt32BE(4) === 80877103;
    if (!asksForTls) {
      speak(socket);
      socket.emit('data', first);
    } else if (identity) {
      socket.write('S');
      speak(new TLSSocket(socket, { isServer: true, cert: identity.certificate, key: identity.privateKey }));
    } else {
      socket.write('N');
      speak(socket);
    }
  };
  const listener = createServer(socket => {
    serve(socket.on('error', () => undefined)).catch(() => undefined);
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    received: () => received.toString('latin1'),
    close: () => listener.close(),
  };
}
