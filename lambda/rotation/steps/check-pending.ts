import { isDeepStrictEqual } from 'node:util';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import type { Credential } from '../../../client/src/shared/secret-value';
import { ErrorCode } from '../../../src/contract';
import type { Rotation } from '../state/rotation';
import { strategyOf } from '../strategies/strategy';

/** The fields that a rotation changes. Every other field says where to log in, and must stay the same. */
const ROTATED = new Set(['username', 'password']);

/**
 * Compares the pending value with the current one before any connection is opened. Write access to a version must not
 * be enough to send a credential to another host, or to make the admin change another role.
 *
 * @throws with code `InvalidSecret`, naming the field
 */
export function checkPending({ secretId }: Rotation, current: Credential, pending: Credential): void {
  const refuse = (field: string, why: string) =>
    new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${secretId} AWSPENDING: ${field} ${why}`);
  const [before, after] = [fieldsOf(current), fieldsOf(pending)];
  const differing = Object.keys({ ...before, ...after }).find(
    field => !ROTATED.has(field) && !isDeepStrictEqual(before[field], after[field]),
  );
  if (differing) throw refuse(differing, 'differs from AWSCURRENT');

  const next = strategyOf(current).nextUsername(current);
  // With `RotateImmediately=false`, Secrets Manager tests a pending version that equals the current one.
  const same = pending.username === current.username && pending.password === current.password;
  if (pending.username !== next && !same) throw refuse('username', `is "${pending.username}" and must be "${next}"`);
}

/** Host names are not case-sensitive. */
function fieldsOf(credential: Credential): Record<string, unknown> {
  return { ...credential, host: credential.host.toLowerCase() };
}
