import { type Role, roleRefused } from './role';
import { quoteIdentifier } from './template/quote';
import { literal, type Sql, sql } from './template/sql';

/**
 * The role's `VALID UNTIL`, unless a retirement set it: the comment records which one that was. Null for none. The
 * alternate gets the owner's.
 */
export function ownValidUntil({ validUntil: until, mark }: Role): string | null {
  return until === mark?.validUntil ? null : until;
}

/** The clause that changes one `VALID UNTIL` to the other, with a leading space; empty if they are the same. */
export function validUntil(from: string | null, to: string | null): Sql {
  return from === to ? sql`` : sql` VALID UNTIL ${literal(to === null ? 'infinity' : `${to}Z`)}`;
}

/** @throws with code `Role` when a `VALID UNTIL` that an operator set has passed: the new password would not log in */
export function checkOwnPeriod(role: Role): void {
  const until = ownValidUntil(role);
  if (until === null || !role.expired) return;
  throw roleRefused(
    `the role "${role.name}" has a VALID UNTIL of its own, which has passed (${until} UTC), and is not changed. ` +
      `To enable it again, run: ALTER ROLE ${quoteIdentifier(role.name)} VALID UNTIL 'infinity'`,
  );
}

/** This many seconds after the server's time, in the format of the catalog queries. */
export function after(now: string, seconds: number): string {
  return new Date(Date.parse(`${now}Z`) + seconds * 1_000).toISOString().slice(0, 19);
}
