import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { Client } from 'pg';
import { rdsRoots } from '../../../client/src/shared/rds-roots';
import * as ours from '../../../client/src/shared/tls';
import { Env } from '../../../src/contract';
import { createAuthority } from '../../local/certificate';
import { postgresServer } from '../../local/servers';

const server = postgresServer();
const ca = readFileSync(server.caFile, 'utf8');

/** The module reads NODE_EXTRA_CA_CERTS once; so each test has a module of its own. */
function withExtraRoots(file?: string): typeof ours {
  if (file === undefined) delete process.env[Env.EXTRA_CA_CERTS];
  else process.env[Env.EXTRA_CA_CERTS] = file;
  let fresh: typeof ours | undefined;
  jest.isolateModules(() => {
    fresh = jest.requireActual<typeof ours>('../../../client/src/shared/tls');
  });
  return fresh!;
}

async function login(host: string, ssl: tls.ConnectionOptions): Promise<void> {
  const client = new Client({
    host,
    port: server.port,
    user: server.admin.username,
    password: server.admin.password,
    database: 'postgres',
    ssl,
  });
  await client.connect();
  await client.end();
}

describe('the server is verified', () => {
  test('by its chain: an authority that is not trusted is refused', async () => {
    await expect(login('localhost', withExtraRoots().tlsOptions('localhost'))).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  test.each(['localhost', '127.0.0.1'])(
    'and accepted as %s with its authority in NODE_EXTRA_CA_CERTS or in the option',
    async host => {
      await login(host, withExtraRoots(server.caFile).tlsOptions(host));
      await login(host, withExtraRoots().tlsOptions(host, { ca }));
    },
  );

  test.each(['localhost', '127.0.0.1'])(
    'by its name: a certificate of another host is refused, also when the address is %s',
    async address => {
      const ssl = withExtraRoots(server.caFile).tlsOptions('database.example.com');
      await expect(login(address, ssl)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    },
  );
});

test('TLS is 1.2 at least, also in a process that allows less', async () => {
  const authority = await createAuthority('An authority of the test');
  const { certificate, privateKey } = await authority.issue('localhost');
  const weak = 'DEFAULT@SECLEVEL=0';
  const old = tls.createServer({
    cert: certificate,
    key: privateKey,
    ciphers: weak,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
  });
  old.on('tlsClientError', () => undefined);
  await once(old.listen(0, '127.0.0.1'), 'listening');
  const { port } = old.address() as AddressInfo;
  const protocol = async (options: tls.ConnectionOptions) => {
    const socket = tls.connect({ host: '127.0.0.1', port, ...options });
    await once(socket, 'secureConnect');
    const spoken = socket.getProtocol();
    socket.destroy();
    return spoken;
  };
  const node = jest.requireActual<typeof tls>('node:tls'); // `import *` is a copy
  jest.replaceProperty(node, 'DEFAULT_CIPHERS', weak);
  jest.replaceProperty(node, 'DEFAULT_MIN_VERSION', 'TLSv1');
  try {
    const trusted = { ca: authority.certificate, servername: 'localhost' };
    expect(await protocol(trusted)).toBe('TLSv1.1'); // Node.js itself would speak it
    await expect(protocol(withExtraRoots().tlsOptions('localhost', { ca: authority.certificate }))).rejects.toThrow();
  } finally {
    jest.restoreAllMocks();
    await new Promise(resolve => old.close(resolve));
  }
});

describe('what is trusted', () => {
  // Fails half a year before, so that `npx projen rds-roots` has time to be run, reviewed, released and installed.
  test('lasts for another half year, in each region by a root of each kind', () => {
    const soon = Date.now() + 183 * 86_400_000;
    const lasting = new Map<string, string[]>();
    for (const pem of rdsRoots) {
      const { subject, validTo } = new X509Certificate(pem);
      const [, region, kind] = /^CN=Amazon RDS (.+) Root CA (\S+)/m.exec(subject)!;
      expect([region, kind, new Date(validTo).getTime() > soon]).toEqual([region, kind, true]);
      lasting.set(region, [...(lasting.get(region) ?? []), kind]);
    }
    const stale = [...lasting].filter(
      ([, kinds]) => !['RSA2048', 'RSA4096', 'ECC384'].every(kind => kinds.includes(kind)),
    );
    expect(stale).toEqual([]);
    expect(lasting.size).toBeGreaterThan(25); // of the commercial regions none may go missing with a refresh
  });

  test('are the roots of RDS, and the public ones for an RDS Proxy only', () => {
    const { trustedRoots } = withExtraRoots();
    expect(trustedRoots('orders.abc.eu-west-1.rds.amazonaws.com')).toEqual(rdsRoots);
    for (const proxy of [
      'orders.proxy-abc.eu-west-1.rds.amazonaws.com',
      'orders.proxy-abc.cn-north-1.rds.amazonaws.com.cn',
    ]) {
      expect(trustedRoots(proxy)).toEqual([...rdsRoots, ...tls.rootCertificates]);
    }
    expect(trustedRoots('orders.proxy-abc.eu-west-1.rds.amazonaws.com.example.com')).toEqual(rdsRoots);
  });

  test.each([
    ['/no/such/file.pem', /NODE_EXTRA_CA_CERTS names, .*file\.pem, cannot be read: ENOENT/],
    [__filename, /NODE_EXTRA_CA_CERTS names, .* holds no certificate/],
  ])('is not silently less when NODE_EXTRA_CA_CERTS names %s', (file, message) => {
    expect(() => withExtraRoots(file).tlsOptions('localhost')).toThrow(message);
  });

  test('is not silently less when a certificate of the option is damaged', () => {
    const damaged = ca.replace(/\n[^-\n]+\n/, '\nAAAA\n');
    expect(() => withExtraRoots().tlsOptions('localhost', { ca: damaged })).toThrow(
      'the option "ca" holds a certificate that cannot be read',
    );
  });
});

describe('the pinned roots of RDS', () => {
  const certificates = rdsRoots.map(pem => new X509Certificate(pem));

  test('are roots of RDS that are valid for years', () => {
    const inTenYears = new Date();
    inTenYears.setFullYear(inTenYears.getFullYear() + 10);
    for (const certificate of certificates) {
      expect(certificate.subject).toContain('CN=Amazon RDS ');
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      expect(new Date(certificate.validTo).getTime()).toBeGreaterThan(inTenYears.getTime());
    }
  });

  test.each(['RSA2048', 'RSA4096', 'ECC384'])('have %s for each region', family => {
    const of = (algorithm: string) =>
      certificates
        .map(({ subject }) => new RegExp(`CN=Amazon RDS (.+) Root CA ${algorithm} G1`).exec(subject)?.[1])
        .filter(region => region !== undefined)
        .sort();
    expect(of(family)).toContain('us-east-1');
    expect(of(family)).toEqual(of('RSA2048'));
  });
});
