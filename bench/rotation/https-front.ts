import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { createAuthority } from '../../test/local/certificate';

/** HTTPS before a server that speaks HTTP. */
export interface HttpsFront {
  readonly endpoint: string;
  /** The certificate to trust, as PEM. */
  readonly authority: string;
  stop(): Promise<void>;
}

/**
 * AWS has no Secrets Manager without TLS, and what a function pays for it depends on how often it makes a new client.
 */
export async function startHttps(target: string): Promise<HttpsFront> {
  const { port } = new URL(target);
  const authority = await createAuthority('Benchmark authority');
  const { certificate, privateKey } = await authority.issue('localhost', '127.0.0.1');
  const open = new Set<Socket>();
  const server = createServer({ cert: certificate, key: privateKey }, socket => {
    const behind = connect(Number(port), '127.0.0.1').setNoDelay();
    for (const end of [socket, behind]) {
      open.add(end.on('error', () => undefined)); // a function that is killed resets its connections
      end.on('close', () => {
        socket.destroy();
        behind.destroy();
        open.delete(end);
      });
    }
    socket.setNoDelay().pipe(behind).pipe(socket);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authority: authority.certificate,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
