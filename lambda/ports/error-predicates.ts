import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';

/** Whether the server refused the credential, so that another one may be accepted. */
export function isRefusedLogin(error: unknown): boolean {
  return hasCode(error, ErrorCode.AUTHENTICATION);
}

/** Whether a privilege is missing: to do something, or, when connecting, to use the database. */
export function lacksPrivilege(error: unknown): boolean {
  return hasCode(error, ErrorCode.PRIVILEGE);
}

/** Whether another session's lock stood in the way, which may be gone the next time. */
export function isLocked(error: unknown): boolean {
  return hasCode(error, ErrorCode.LOCKED);
}

/** Whether the server answered with an error that has no meaning of its own here. */
export function isUnforeseenAnswer(error: unknown): boolean {
  return hasCode(error, ErrorCode.DATABASE);
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof RotatingPostgresError && error.code === code;
}
