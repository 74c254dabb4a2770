import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { setImmediate as ticks } from 'node:timers/promises';
import { LoggedInStream, type Server, type Session } from '../../../client/src/stream/logged-in-stream';

const STARTUP = Buffer.from('\0\0\0\x16\0\x03\0\0user\0somebody\0\0', 'latin1');
let logIn: jest.Mock<Promise<Session>, Parameters<Server['logIn']>>;
let stream: LoggedInStream;
let settle: { resolve(session: Session): void; reject(error: Error): void };
beforeEach(() => {
  logIn = jest.fn(
    (_parameters, _isWanted) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
      }),
  );
  stream = new LoggedInStream({ logIn, cancel: () => Promise.reject(new Error('nothing to cancel')) });
});
afterEach(() => stream.destroy());

test('waits for the whole of the first message, in however many parts it comes', async () => {
  for (const byte of STARTUP) stream.write(Buffer.from([byte]));
  await ticks();
  expect(logIn.mock.calls.map(([parameters]) => [...parameters])).toEqual([[['user', 'somebody']]]);
});

test('a session that comes when the driver has given up is ended', async () => {
  stream.write(STARTUP);
  expect(logIn.mock.calls[0][1]()).toBe(true);
  stream.destroy();
  await once(stream, 'close');
  expect(logIn.mock.calls[0][1]()).toBe(false);
  const socket = new PassThrough();
  settle.resolve({ socket, greeting: Buffer.alloc(0) });
  await once(socket, 'close');
});

test('a login that fails is the error of the stream', async () => {
  stream.write(STARTUP);
  const failed = once(stream, 'error');
  settle.reject(new Error('refused'));
  expect(await failed).toEqual([new Error('refused')]);
});

test('a server is not read faster than the driver reads', async () => {
  let given = 0;
  const socket = new Duplex({
    read() {
      if (given++ < 1_000) this.push(Buffer.alloc(16_384));
    },
    write: (_chunk, _encoding, callback) => callback(),
  });
  stream.write(STARTUP);
  settle.resolve({ socket, greeting: Buffer.alloc(0) });
  await ticks();
  for (let before = -1; before !== given; await ticks()) before = given;
  expect(given).toBeLessThan(20);
  const before = given;
  while (given < before + 50) if (!stream.read()) await ticks();
});
