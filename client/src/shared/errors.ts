import { ErrorCode } from '../../../src/contract';

/**
 * An error of this package. `code` says what went wrong, `cause` is the driver's or the SDK's own error; neither holds
 * secret material.
 */
export class RotatingPostgresError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'RotatingPostgresError';
  }
}

/** SQLSTATE of PostgreSQL, the error code of Node.js or the name of an SDK error: whichever the error carries. */
export function codeOf(error: unknown): string | undefined {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : undefined;
}

/**
 * The server refused the credential, so another version of the secret may be accepted.
 * 28P01: wrong password, unknown role, or VALID UNTIL has passed. 28000: NOLOGIN, or no line of pg_hba.conf.
 */
export function isAuthenticationFailure(error: unknown): boolean {
  const code = codeOf(error);
  return code === '28P01' || code === '28000';
}
