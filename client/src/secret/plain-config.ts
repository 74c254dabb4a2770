import type { ClientConfig } from 'pg';
import { tlsOptions, type TlsOptions } from '../shared/tls';
import type { Logger } from '../telemetry/logger';

/** The values of `sslmode` with which pg does not verify the server, or would not with libpq's semantics. */
const WEAK = ['disable', 'allow', 'prefer', 'no-verify'];
/** The local machine, or a single-label name, as in Docker Compose, which no public server has. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|[^.:]*)$/i;

/**
 * The configuration of pg for a connection string. TLS is verified for every server that is not local. If the string
 * requests less, a warning is logged.
 */
export function plainConfig(connectionString: string, logger: Logger, options: TlsOptions): ClientConfig {
  const { host, sslmode, verifies } = tlsOf(connectionString);
  if (LOCAL.test(host)) return { connectionString };
  if (sslmode === undefined) return { connectionString, ssl: tlsOptions(host, options) };
  if (!verifies) {
    logger.warn(
      `DATABASE_URL connects to ${host} with sslmode=${sslmode}: the server is not verified, or TLS not used`,
    );
  }
  return { connectionString };
}

/** The TLS settings of the string, as pg reads them. A string that is not a URL names a Unix socket. */
function tlsOf(connectionString: string): { host: string; sslmode?: string; verifies: boolean } {
  if (!URL.canParse(connectionString)) return { host: '', verifies: true };
  const { hostname, searchParams } = new URL(connectionString);
  const ssl = searchParams.get('ssl');
  const sslmode =
    searchParams.get('sslmode') ?? (ssl === null ? undefined : ['1', 'true'].includes(ssl) ? 'verify-full' : 'disable');
  const asLibpq = searchParams.get('uselibpqcompat') === 'true' && sslmode === 'require';
  return {
    host: searchParams.get('host') || hostname || process.env.PGHOST || '',
    sslmode,
    verifies: sslmode !== undefined && !WEAK.includes(sslmode) && !asLibpq,
  };
}
