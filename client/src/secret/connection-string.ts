import { credentialSource } from './configuration';
import type { SecretCredentialsOptions } from './credentials';

export interface ConnectionStringOptions extends Pick<SecretCredentialsOptions, 'client'> {
  /**
   * Host name of the endpoint.
   * @default - the host in the secret
   */
  readonly host?: string;
  /**
   * TCP port of the endpoint.
   * @default - the port in the secret
   */
  readonly port?: number;
  /**
   * Name of the database.
   * @default - the database in the secret
   */
  readonly database?: string;
  /**
   * PEM file of trusted root certificates (`sslrootcert`). Tools such as psql need it for RDS, because they do not use
   * this package's root certificates.
   * @default - none
   */
  readonly rootCertificates?: string;
}

/**
 * Returns a connection string with the credential of this moment, for a tool that needs one and ends soon: it does not
 * follow a rotation.
 *
 * It contains the password. Pass it in the environment and never as an argument, which every process of the machine can
 * read.
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

/** Also encodes the characters that encodeURIComponent leaves and a shell interprets. */
function encode(part: string): string {
  return encodeURIComponent(part).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
