import { ErrorCode } from '../../../src/contract';

/**
 * An error of this package. `code` is the error code, and `cause` is the error of the driver or the SDK. The message
 * contains no secret.
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

/** The code of an error: PostgreSQL's SQLSTATE, the code of Node.js, or the name of an SDK error. */
export function codeOf(error: unknown): string | undefined {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return typeof name === 'string' ? name : undefined;
}

/**
 * Whether the server refused the credential. Another version of the secret may be accepted.
 *
 * 28P01: wrong password, unknown role, or VALID UNTIL has passed. 28000: NOLOGIN, or no matching line in pg_hba.conf.
 */
export function isAuthenticationFailure(error: unknown): boolean {
  const code = codeOf(error);
  return code === '28P01' || code === '28000';
}
