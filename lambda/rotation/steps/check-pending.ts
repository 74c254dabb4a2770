import { isDeepStrictEqual } from 'node:util';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import type { Credential } from '../../../client/src/shared/secret-value';
import { ErrorCode } from '../../../src/contract';
import type { Rotation } from '../state/rotation';
import { strategyOf } from '../strategies/strategy';

/** What a rotation changes; every other field says where to log in, and stays. */
const ROTATED = new Set(['username', 'password']);

/**
 * Holds the pending value to the current one before anything connects: whoever can write a version must not be able to
 * send a credential to another host, or have the admin change another role.
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
  // RotateImmediately=false tests a pending version that is the current one.
  const same = pending.username === current.username && pending.password === current.password;
  if (pending.username !== next && !same) throw refuse('username', `is "${pending.username}" and must be "${next}"`);
}

/** Host names have no case. */
function fieldsOf(credential: Credential): Record<string, unknown> {
  return { ...credential, host: credential.host.toLowerCase() };
}
