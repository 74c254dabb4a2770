import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Identity } from './certificate';
import type { PostgresServer } from './postgres';

/**
 * What a test does to the messages on their way. Each hook is awaited, so that it may delay; a hook that throws breaks
 * the connection.
 */
export interface ProxyHooks {
  /** Called with the name of a client's message, and the message, before the server gets it. */
  readonly before?: (message: string, content?: Buffer) => unknown;
  /**
   * Called after the server has answered, before the client gets the answer, with the name of the message that was
   * answered.
   */
  readonly after?: (message: string) => unknown;
}

/** A proxy that sees each message between clients and a PostgreSQL server. */
export interface PostgresProxy {
  readonly port: number;
  /** Refuses connections from now on; those that stand go on. */
  refuse(): void;
  /** Takes connections again, at the same port. */
  accept(): Promise<void>;
  stop(): Promise<void>;
}

const NAMES: Readonly<Record<string, string>> = {
  Q: 'Query',
  P: 'Parse',
  B: 'Bind',
  D: 'Describe',
  E: 'Execute',
  S: 'Sync',
  C: 'Close',
  H: 'Flush',
  p: 'SASLResponse',
  X: 'Terminate',
};
const START_UP = 'StartupMessage';
const AUTHENTICATION_SASL = 10;
const AUTHENTICATION_SASL_CONTINUE = 11;

/**
 * Starts a proxy that ends the client's TLS with an identity of its own and speaks TLS to the server. SCRAM passes as
 * it is: without channel binding, which pg leaves off, it does not know of the TLS around it.
 */
export async function startPostgresProxy(
  server: PostgresServer,
  identity: Identity,
  hooks: ProxyHooks,
): Promise<PostgresProxy> {
  const ca = readFileSync(server.caFile, 'utf8');
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    // messages go out one by one, and each would wait 40 ms for the acknowledgement of the one before
    socket.setNoDelay();
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
    return socket;
  };

  async function serve(socket: Socket): Promise<void> {
    let upstream: Socket | undefined;
    try {
      await once(socket, 'data'); // SSLRequest
      await hooks.before?.('SSLRequest');
      socket.write('S');
      const client = keep(
        new TLSSocket(socket, { isServer: true, cert: identity.certificate, key: identity.privateKey }),
      );
      upstream = keep(await secured(keep(connect(server.port, server.host)), server.host, ca));
      await relay(client, upstream, hooks);
    } catch {
      // a connection that broke by itself, or by a hook
    } finally {
      socket.destroy();
      upstream?.destroy();
    }
  }

  const listener = createServer(socket => {
    void serve(keep(socket));
  });
  const listen = async (port: number) => {
    await once(listener.listen(port, '127.0.0.1'), 'listening');
  };
  await listen(0);
  const { port } = listener.address() as AddressInfo;
  return {
    port,
    refuse: () => {
      listener.close();
    },
    accept: () => listen(port),
    async stop() {
      for (const socket of open) socket.destroy();
      if (listener.listening) await once(listener.close(), 'close');
    },
  };
}

/** TLS to the server, asked for in PostgreSQL's way. */
async function secured(socket: Socket, servername: string, ca: string): Promise<TLSSocket> {
  socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (answer.toString() !== 'S') throw new Error('the server offers no TLS');
  const secure = connectTls({ socket, servername, ca });
  await once(secure, 'secureConnect');
  return secure;
}

/** Passes messages on in both directions until one side ends. */
async function relay(client: Socket, server: Socket, hooks: ProxyHooks): Promise<void> {
  let asked = START_UP;

  async function requests(): Promise<void> {
    let first = true;
    for await (const message of messages(client, first)) {
      const name = first ? START_UP : (NAMES[String.fromCharCode(message[0])] ?? 'unknown');
      first = false;
      await hooks.before?.(name, message);
      asked = name;
      server.write(message);
    }
  }

  async function answers(): Promise<void> {
    let answer: Buffer[] = [];
    const pass = async () => {
      await hooks.after?.(asked);
      client.write(Buffer.concat(answer));
      answer = [];
    };
    for await (const message of messages(server, false)) {
      answer.push(message);
      if (awaitsClient(message)) await pass();
    }
    if (answer.length > 0) await pass();
    client.end();
  }

  await Promise.all([requests(), answers()]);
}

/** Whether it is the client's turn after this message of the server's. */
function awaitsClient(message: Buffer): boolean {
  const type = String.fromCharCode(message[0]);
  return (
    type === 'Z' ||
    (type === 'R' && [AUTHENTICATION_SASL, AUTHENTICATION_SASL_CONTINUE].includes(message.readInt32BE(5)))
  );
}

/** Messages are a type byte, a length that counts itself, and a body; a client's first one has no type. */
async function* messages(stream: AsyncIterable<Buffer>, firstUntyped: boolean): AsyncGenerator<Buffer> {
  let buffer = Buffer.alloc(0);
  let type = firstUntyped ? 0 : 1;
  for await (const chunk of stream) {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= type + 4) {
      const length = type + buffer.readInt32BE(type);
      if (buffer.length < length) break;
      yield buffer.subarray(0, length);
      buffer = buffer.subarray(length);
      type = 1;
    }
  }
}
