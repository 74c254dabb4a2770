import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Passes bytes on to a port, and counts the connections. */
export interface SocketCounter {
  readonly port: number;
  /** Those that are open. */
  readonly open: number;
  /** The most that were open at once. */
  readonly most: number;
  /** All that there were. */
  readonly all: number;
  /** Accepts connections and passes nothing on, until it is set to false. */
  hangs: boolean;
  stop(): Promise<void>;
}

export async function countSockets(target: number): Promise<SocketCounter> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let hangs = false;
  let most = 0;
  let all = 0;
  const server = createServer(socket => {
    sockets.add(socket);
    all++;
    most = Math.max(most, sockets.size);
    const pass = () => {
      const behind = connect(target, '127.0.0.1');
      socket
        .pipe(behind)
        .on('error', () => undefined)
        .pipe(socket);
      socket.on('close', () => behind.destroy());
    };
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    if (hangs) held.push(pass);
    else pass();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return sockets.size;
    },
    get most() {
      return most;
    },
    get all() {
      return all;
    },
    get hangs() {
      return hangs;
    },
    set hangs(value) {
      hangs = value;
      if (!hangs) for (const pass of held.splice(0)) pass();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await once(server.close(), 'close');
    },
  };
}
