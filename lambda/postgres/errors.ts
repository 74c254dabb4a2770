import { DatabaseError } from 'pg';
import { RotatingPostgresError } from '../../client/src/errors';
import type { Credential } from '../../client/src/secret-value';
import { ErrorCode } from '../../src/contract';

/**
 * What the driver threw, with a code and the place it happened at. PostgreSQL's own messages name roles and databases and
 * never a password; the text of the statement and the detail of the error stay out.
 */
export function databaseError(cause: unknown, login: Pick<Credential, 'host' | 'port' | 'username'>, database: string): RotatingPostgresError {
  if (cause instanceof RotatingPostgresError) return cause;
  const { message, code = '' } = cause as Error & { code?: string };
  const server = `${login.host}:${login.port}`;
  const fail = (errorCode: ErrorCode, text: string) => new RotatingPostgresError(errorCode, `${text}: ${message}`, { cause });

  if (cause instanceof DatabaseError) {
    switch (code) {
      case '28P01': // also for a role that does not exist, and for one whose VALID UNTIL has passed
      case '28000':
        return fail(ErrorCode.AUTHENTICATION, `${server} refused the login "${login.username}" (${code})`);
      case '42501':
        return fail(ErrorCode.PRIVILEGE, `"${login.username}" lacks a privilege in database "${database}" on ${server} (${code})`);
      default:
        return fail(ErrorCode.DATABASE, `database "${database}" on ${server} answered "${login.username}" (${code})`);
    }
  }
  if (isTlsFailure(code, message)) return fail(ErrorCode.TLS, `no verified TLS to ${server}`);
  return fail(ErrorCode.DATABASE_UNREACHABLE, `cannot reach ${server}`);
}

function isTlsFailure(code: string, message: string): boolean {
  return /CERT|^ERR_TLS|^ERR_SSL|^UNABLE_TO_|^HOSTNAME_MISMATCH|^EPROTO$/.test(code) || message === 'The server does not support SSL connections';
}
