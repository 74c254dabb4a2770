import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { codeOf, RotatingPostgresError } from './errors';
import { rdsRoots } from './rds-roots';
import { Env, ErrorCode } from '../../../src/contract';

/** More to trust than the roots of RDS. */
export interface TlsOptions {
  /** Further roots, as PEM. For a certificate authority of one's own, or a region whose roots are not pinned here. */
  readonly ca?: string | readonly string[];
}

/** RDS Proxy has certificates of public roots. */
const PROXY_HOST = /\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?$/i;

/** Building a context from these roots costs some 15 ms, so there is one per set of roots, not one per connection. */
const contexts = new Map<string, tls.SecureContext>();
let extraRoots: readonly string[] | undefined;

/**
 * The options for pg's `ssl` that verify the server fully: its chain against `trustedRoots`, its name against `host`.
 */
export function tlsOptions(host: string, options: TlsOptions = {}): tls.ConnectionOptions {
  return {
    secureContext: secureContext(host, options),
    rejectUnauthorized: true,
    // Node.js would check the name that it sent to the server, and it sends none for an IP address: then it checks
    // 'localhost'.
    checkServerIdentity: (_servername, certificate) => tls.checkServerIdentity(host, certificate),
  };
}

/**
 * What is trusted for a host: the roots of RDS (for an RDS Proxy also those of Node.js), NODE_EXTRA_CA_CERTS, and `ca`.
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

/** Node.js reads this file for its default store only, which does not hold when there is a `ca`. */
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

/** Node.js ignores what is no certificate without an error, and then trusts less than was meant. */
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
