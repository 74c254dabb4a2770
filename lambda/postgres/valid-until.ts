import { type Role, roleRefused } from './role';
import { quoteIdentifier } from './template/quote';
import { literal, type Sql, sql } from './template/sql';

/**
 * The `VALID UNTIL` that a person gave the role; null for none. The one that a retirement set is not: the comment says
 * which it was. An alternate has its owner's.
 */
export function ownValidUntil({ validUntil: until, mark }: Role): string | null {
  return until === mark?.validUntil ? null : until;
}

/** The clause that changes one to the other, with the space before it; nothing where they are the same. */
export function validUntil(from: string | null, to: string | null): Sql {
  return from === to ? sql`` : sql` VALID UNTIL ${literal(to === null ? 'infinity' : `${to}Z`)}`;
}

/** @throws with code `Role` when a person meant the role to be over by now: the new password would not log in */
export function checkOwnPeriod(role: Role): void {
  const until = ownValidUntil(role);
  if (until === null || !role.expired) return;
  throw roleRefused(
    `the role "${role.name}" has a VALID UNTIL of its own, which has passed (${until} UTC), and is left alone. ` +
      `If it is to work on, run: ALTER ROLE ${quoteIdentifier(role.name)} VALID UNTIL 'infinity'`,
  );
}

/** So many seconds after the server's now, in the form in which the catalogue is read. */
export function after(now: string, seconds: number): string {
  return new Date(Date.parse(`${now}Z`) + seconds * 1_000).toISOString().slice(0, 19);
}
