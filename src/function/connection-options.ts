import { Env } from '../contract';

/** Options for the functions' logins to a database. The defaults match the servers that this library creates. */
export interface ConnectionOptions {
  /**
   * Whether to accept MD5 authentication, over TLS only, for roles of an older database. MD5 is weaker than SCRAM: the
   * hash that the server stores is enough to log in. A rotation gives the role a SCRAM verifier, so that this is only
   * needed for its first rotation.
   * @default false
   */
  readonly allowMd5?: boolean;
  /**
   * Whether a secret with `"ssl": false` is connected to without TLS. An attacker on the network path can then read the
   * traffic, except the password, and take over the session.
   * @default false
   */
  readonly allowPlaintext?: boolean;
}

/** The options as environment variables of the functions. */
export function connectionEnvironment({
  allowMd5,
  allowPlaintext,
}: ConnectionOptions): Record<string, string | undefined> {
  return { [Env.ALLOW_MD5]: flag(allowMd5), [Env.ALLOW_PLAINTEXT]: flag(allowPlaintext) };
}

/** A Boolean as the value of an environment variable; undefined stays undefined. */
export function flag(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
