import { DatabaseError } from 'pg';
import { codeOf, RotatingPostgresError } from '../../client/src/shared/errors';
import type { Credential } from '../../client/src/shared/secret-value';
import { ErrorCode } from '../../src/contract';

type Login = Pick<Credential, 'host' | 'port' | 'username' | 'password'>;

/** The error code and the message for a SQLSTATE. Any other SQLSTATE gets the code `Database`. */
const MEANINGS: Readonly<Record<string, readonly [ErrorCode, (login: Login, database: string) => string]>> = {
  // PostgreSQL also returns it for a role that does not exist, and for one whose VALID UNTIL has passed.
  '28P01': [ErrorCode.AUTHENTICATION, refusedLogin],
  '28000': [ErrorCode.AUTHENTICATION, refusedLogin],
  '42501': [
    ErrorCode.PRIVILEGE,
    (login, database) => `"${login.username}" lacks a privilege in database "${database}" on ${serverOf(login)}`,
  ],
  '3D000': [ErrorCode.DATABASE_MISSING, (login, database) => `${serverOf(login)} has no database "${database}"`],
  '53300': [ErrorCode.CONNECTION_LIMIT, login => `${serverOf(login)} has no connection left for "${login.username}"`],
  '25006': [
    ErrorCode.READ_ONLY,
    login => `${serverOf(login)} is read-only: a read replica, or not the writer any more`,
  ],
  '55P03': [ErrorCode.LOCKED, login => `another session holds a lock on ${serverOf(login)} for too long`],
  '40P01': [ErrorCode.LOCKED, login => `a deadlock with another session on ${serverOf(login)}`],
  '57014': [ErrorCode.TIMEOUT, login => `a statement on ${serverOf(login)} took too long`],
  '57P01': [ErrorCode.DATABASE_UNREACHABLE, login => `${serverOf(login)} ended the session`],
  '57P02': [ErrorCode.DATABASE_UNREACHABLE, login => `${serverOf(login)} ended the session`],
  '57P03': [
    ErrorCode.DATABASE_UNREACHABLE,
    login => `cannot reach ${serverOf(login)}: it is starting or shutting down`,
  ],
};

/**
 * Converts an error of the driver into one with a code, the server and the database. The SQL text and the error's
 * detail are left out. In the message, which an extension or a trigger may have written, the password, SCRAM verifiers
 * and MD5 hashes are replaced.
 *
 * @param connectTimeout the connection timeout in milliseconds, for an error while connecting
 */
export function databaseError(
  cause: unknown,
  login: Login,
  database: string,
  connectTimeout?: number,
): RotatingPostgresError {
  if (cause instanceof RotatingPostgresError) return cause;
  const fail = (code: ErrorCode, message: string) => new RotatingPostgresError(code, message, { cause });
  const { message } = cause as Error;
  const server = serverOf(login);

  if (cause instanceof DatabaseError) {
    const [code, meaning] = MEANINGS[cause.code ?? ''] ?? [
      // Two sessions changed the same role at once. PostgreSQL reports it without a SQLSTATE of its own.
      cause.routine === 'simple_heap_update' ? ErrorCode.LOCKED : ErrorCode.DATABASE,
      () => `database "${database}" on ${server} returned an error to "${login.username}"`,
    ];
    return fail(code, `${meaning(login, database)} (${cause.code}): ${withoutSecrets(message, login)}`);
  }
  if (message === 'timeout expired') return noAnswer(login, connectTimeout ?? 0);
  if (message.startsWith('SASL: ')) {
    return fail(ErrorCode.SCRAM, `${server} did not complete SCRAM-SHA-256: ${withoutSecrets(message, login)}`);
  }
  const code = networkCode(cause);
  if (/^(ENOTFOUND|EAI_)/.test(code)) {
    return fail(ErrorCode.DNS, `the name of the host ${server} does not resolve: ${code}`);
  }
  if (isTlsFailure(code, message)) return fail(ErrorCode.TLS, `no verified TLS to ${server}: ${message}`);
  return fail(ErrorCode.DATABASE_UNREACHABLE, `cannot reach ${server}: ${code || 'the connection ended'}`);
}

/** The server does not answer, or there is no server at this address. */
export function noAnswer(login: Login, milliseconds: number): RotatingPostgresError {
  return new RotatingPostgresError(
    ErrorCode.DATABASE_UNREACHABLE,
    `cannot reach ${serverOf(login)}: no answer within ${(milliseconds / 1_000).toFixed(1)} s`,
  );
}

/** The deadline passed before the call could start. */
export function outOfTime(login: Login): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.TIMEOUT, `no time is left to ask ${serverOf(login)}`);
}

function refusedLogin(login: Login): string {
  return `${serverOf(login)} refused the login "${login.username}"`;
}

function serverOf({ host, port }: Login): string {
  return `${host}:${port}`;
}

function withoutSecrets(message: string, { password }: Login): string {
  return message.replaceAll(password, '…').replace(/SCRAM-SHA-256\$\S+|\bmd5[0-9a-f]{32}\b/g, '…');
}

/** When a host name has several addresses, Node.js collects one error for each. */
function networkCode(error: unknown): string {
  const { errors } = error as { errors?: unknown[] };
  const code = codeOf(errors?.[0] ?? error);
  return code === undefined || code === 'Error' ? '' : code;
}

function isTlsFailure(code: string, message: string): boolean {
  return (
    /CERT|^ERR_TLS|^ERR_SSL|^UNABLE_TO_|^HOSTNAME_MISMATCH|^EPROTO$/.test(code) ||
    message === 'The server does not support SSL connections'
  );
}
