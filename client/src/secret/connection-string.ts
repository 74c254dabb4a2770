import { credentialSource } from './configuration';
import type { SecretCredentialsOptions } from './credentials';

export interface ConnectionStringOptions extends Pick<SecretCredentialsOptions, 'client'> {
  /** @default - the secret's */
  readonly host?: string;
  /** @default - the secret's */
  readonly port?: number;
  /** @default - the secret's */
  readonly database?: string;
  /**
   * PEM file of the roots to trust, which tools like psql need for RDS: they do not know this package's.
   * @default - none is named
   */
  readonly rootCertificates?: string;
}

/**
 * A connection string with the credential of this moment, for a tool that needs one and ends soon: it does not follow a
 * rotation. It holds the password: pass it by the environment, never as an argument, which every process of the machine
 * can read.
 */
export async function connectionString(secretId?: string, options: ConnectionStringOptions = {}): Promise<string> {
  const source = credentialSource(secretId, { client: options.client });
  if ('connectionString' in source) return source.connectionString;
  const { credential } = await source.refresh();
  const host = options.host ?? credential.host;
  const query = new URLSearchParams({
    sslmode: 'verify-full',
    ...(options.rootCertificates && { sslrootcert: options.rootCertificates }),
  });
  const user = `${encode(credential.username)}:${encode(credential.password)}`;
  const server = `${host.includes(':') ? `[${host}]` : host}:${options.port ?? credential.port}`;
  const database = encode(options.database ?? credential.dbname);
  return `postgresql://${user}@${server}/${database}?${query.toString().replaceAll('+', '%20')}`;
}

/** Encodes also what encodeURIComponent leaves and a shell would interpret. */
function encode(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
