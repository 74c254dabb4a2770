import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type FirstMessage, firstMessage } from './startup';

/** A PostgreSQL session that is ready for queries. */
export interface Session {
  readonly socket: Duplex;
  /** The server's messages after a login: parameters and cancellation key. */
  readonly greeting: Buffer;
}

/** The server that a stream connects to. */
export interface Server {
  /** Logs in. `isWanted` returns false when the driver has given up. */
  logIn(parameters: ReadonlyMap<string, string>, isWanted: () => boolean): Promise<Session>;
  /** Opens a connection and sends the cancel request, which the server answers by closing the connection. */
  cancel(message: Buffer): Promise<Duplex>;
}

/**
 * Behaves like a socket to a PostgreSQL server that requires no password. The driver's first message opens a session
 * that this package logs in to. After that, all bytes pass through unchanged.
 */
export class LoggedInStream extends Duplex {
  readonly #server: Server;
  #first = Buffer.alloc(0);
  #socket?: Duplex;

  constructor(server: Server) {
    super({ allowHalfOpen: false });
    this.#server = server;
  }

  // Other members of a socket that drivers use: postgres.js sends its Terminate message only to an open one.
  get readyState(): 'open' | 'closed' {
    return this.destroyed ? 'closed' : 'open';
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    (this.#socket as Socket | undefined)?.ref();
    return this;
  }

  unref(): this {
    (this.#socket as Socket | undefined)?.unref();
    return this;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.#socket) return this.#pass(this.#socket, chunk, callback);
    this.#first = Buffer.concat([this.#first, chunk]);
    try {
      const first = firstMessage(this.#first);
      if (!first) return callback();
      this.#open(first).then(() => callback(), callback);
    } catch (error) {
      callback(error as Error);
    }
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _final(callback: () => void): void {
    this.#socket?.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket?.destroy();
    callback(error);
  }

  async #open(first: FirstMessage): Promise<void> {
    if (first.kind === 'cancel') return this.#join(await this.#server.cancel(first.message));
    const { socket, greeting } = await this.#server.logIn(first.parameters, () => !this.destroyed);
    this.#join(socket);
    this.push(greeting);
  }

  #join(socket: Duplex): void {
    if (this.destroyed) return void socket.destroy();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', error => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  #pass(socket: Duplex, chunk: Buffer, callback: () => void): void {
    if (socket.write(chunk)) callback();
    else socket.once('drain', callback);
  }
}
