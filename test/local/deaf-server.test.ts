import { once } from 'node:events';
import { connect } from 'node:net';
import { type DeafServer, startDeafServer } from './deaf-server';

let server: DeafServer;
beforeEach(async () => {
  server = await startDeafServer();
});
afterEach(() => server.close());

test('a connection to it is neither made nor refused', async () => {
  const socket = connect(server.port, '127.0.0.1');
  const outcome = await Promise.race([
    once(socket, 'connect').then(
      () => 'made',
      () => 'refused',
    ),
    new Promise(resolve => setTimeout(resolve, 300, 'neither')),
  ]);
  socket.destroy();
  expect(outcome).toBe('neither');
});
