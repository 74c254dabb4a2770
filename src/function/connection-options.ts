import { Env } from '../contract';

/** How the functions log in to a database. The defaults are what `PostgresInstance` is set up for. */
export interface ConnectionOptions {
  /**
   * Whether a login by MD5 counts as one, for roles of an older database; over TLS only. It proves less than SCRAM
   * does: the hash that the server keeps is as good as the password. A rotation gives the role a SCRAM verifier, so
   * that this is needed once.
   * @default false
   */
  readonly allowMd5?: boolean;
  /**
   * Whether a secret with `"ssl": false` is followed, so that the connection has no TLS. Whoever is on the way can then
   * read what is sent, though not the password, and take the session over.
   * @default false
   */
  readonly allowPlaintext?: boolean;
}

/** The options as the functions read them. */
export function connectionEnvironment({
  allowMd5,
  allowPlaintext,
}: ConnectionOptions): Record<string, string | undefined> {
  return { [Env.ALLOW_MD5]: flag(allowMd5), [Env.ALLOW_PLAINTEXT]: flag(allowPlaintext) };
}

/** A switch as the functions read it. */
export function flag(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
