import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A port of this machine that answers as an address where nothing is: not at all. */
export interface DeafServer {
  readonly port: number;
  close(): Promise<void>;
}

/** The system completes one connection more than fit into the queue, and leaves the next one without an answer. */
const QUEUE = 1;

/** Who listens and never accepts, because it sleeps; the connections that it could still have are taken. */
export async function startDeafServer(): Promise<DeafServer> {
  const sleeper = new Worker(
    `const { createServer } = require('node:net');
    const { parentPort } = require('node:worker_threads');
    const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: ${QUEUE} }, () => {
      parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`,
    { eval: true },
  );
  const [port] = (await once(sleeper, 'message')) as [number];
  const waiting: Socket[] = [];
  for (let taken = 0; taken <= QUEUE; taken++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    waiting.push(socket);
    await once(socket, 'connect');
  }
  return {
    port,
    async close() {
      for (const socket of waiting) socket.destroy();
      await sleeper.terminate();
    },
  };
}
