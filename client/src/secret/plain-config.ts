import type { ClientConfig } from 'pg';
import { tlsOptions, type TlsOptions } from '../shared/tls';
import type { Logger } from '../telemetry/logger';

/** What pg itself does not verify, or would not with the semantics of libpq. */
const WEAK = ['disable', 'allow', 'prefer', 'no-verify'];
/** This machine, or a name of one label as in Docker Compose, which no public server has. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|[^.:]*)$/i;

/**
 * How pg connects with a connection string. To another machine TLS is verified; where the string says otherwise,
 * a warning is logged.
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

/** What the string asks for, as pg reads it. One that is no URL names a Unix socket. */
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
