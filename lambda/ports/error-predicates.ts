import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';

/** Whether the server refused the login. Another credential may be accepted. */
export function isRefusedLogin(error: unknown): boolean {
  return hasCode(error, ErrorCode.AUTHENTICATION);
}

/** Whether a privilege is missing, for a statement or, at connection time, for the database. */
export function lacksPrivilege(error: unknown): boolean {
  return hasCode(error, ErrorCode.PRIVILEGE);
}

/** Whether a lock of another session caused the failure. A retry may succeed. */
export function isLocked(error: unknown): boolean {
  return hasCode(error, ErrorCode.LOCKED);
}

/** Whether the server returned an error that has no error code of its own in this library. */
export function isUnforeseenAnswer(error: unknown): boolean {
  return hasCode(error, ErrorCode.DATABASE);
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof RotatingPostgresError && error.code === code;
}
