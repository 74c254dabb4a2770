import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { codeOf, RotatingPostgresError } from './errors';
import { rdsRoots } from './rds-roots';
import { Env, ErrorCode } from '../../../src/contract';

/** Root certificates to trust in addition to those of RDS. */
export interface TlsOptions {
  /**
   * Additional root certificates in PEM form, for your own certificate authority, or for a Region whose root
   * certificates are not included here.
   * @default - none
   */
  readonly ca?: string | readonly string[];
}

/** RDS Proxy has certificates of public certificate authorities. */
const PROXY_HOST = /\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?$/i;

/**
 * Creating a context from these root certificates takes about 15 ms, so that contexts are shared by all connections
 * with the same root certificates.
 */
const contexts = new Map<string, tls.SecureContext>();
let extraRoots: readonly string[] | undefined;

/**
 * The value of pg's `ssl` option for full verification: the certificate chain against `trustedRoots`, and the
 * certificate's name against `host`.
 */
export function tlsOptions(host: string, options: TlsOptions = {}): tls.ConnectionOptions {
  return {
    secureContext: secureContext(host, options),
    rejectUnauthorized: true,
    // Node.js checks the name that it sent to the server (SNI). For an IP address it sends none, and would check
    // 'localhost'.
    checkServerIdentity: (_servername, certificate) => tls.checkServerIdentity(host, certificate),
  };
}

/**
 * The trusted root certificates for a host: those of RDS (for an RDS Proxy also those of Node.js), NODE_EXTRA_CA_CERTS,
 * and `ca`.
 *
 * @throws with code `Configuration` when a file or `ca` has no valid certificate
 */
export function trustedRoots(host: string, options: TlsOptions = {}): string[] {
  extraRoots ??= readExtraRoots();
  return [
    ...rdsRoots,
    ...(PROXY_HOST.test(host) ? tls.rootCertificates : []),
    ...extraRoots,
    ...[options.ca ?? []].flat().flatMap(pem => certificates(pem, 'the option "ca"')),
  ];
}

function secureContext(host: string, options: TlsOptions): tls.SecureContext {
  const key = JSON.stringify([PROXY_HOST.test(host), options.ca]);
  const context =
    contexts.get(key) ?? tls.createSecureContext({ ca: trustedRoots(host, options), minVersion: 'TLSv1.2' });
  contexts.set(key, context);
  return context;
}

/** Node.js applies this file only to its default trust store, which is not used if `ca` is set. */
function readExtraRoots(): string[] {
  const file = process.env[Env.EXTRA_CA_CERTS];
  if (!file) return [];
  const source = `the file that ${Env.EXTRA_CA_CERTS} names, ${file},`;
  try {
    return certificates(readFileSync(file, 'utf8'), source);
  } catch (cause) {
    if (cause instanceof RotatingPostgresError) throw cause;
    throw new RotatingPostgresError(ErrorCode.CONFIGURATION, `${source} cannot be read: ${codeOf(cause)}`, { cause });
  }
}

/** Node.js silently ignores text that is not a certificate, and would then trust less than intended. */
function certificates(pem: string, source: string): string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) {
    throw new RotatingPostgresError(ErrorCode.CONFIGURATION, `${source} holds no certificate in PEM form`);
  }
  for (const certificate of found) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw new RotatingPostgresError(ErrorCode.CONFIGURATION, `${source} holds a certificate that cannot be read`, {
        cause,
      });
    }
  }
  return found;
}
