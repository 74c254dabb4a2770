import { DatabaseError } from 'pg';
import type { Connection } from './connection';
import { formatComment, type RoleMark } from './role-mark';
import { type Role, roleRefused } from './roles';
import { identifier, literal } from './sql';

const MOST_ATTEMPTS = 4;

/**
 * The comment on a role is what every change of its password goes by, and it changes with each. So the change is put
 * between a lock on the role and a look at whether the comment is still the one that was read: what came in between
 * rolls it back.
 *
 * @param change the first statement must change the role's row, which locks it
 */
export function fenced(role: Role, change: readonly string[], mark: RoleMark): string[] {
  const [lock, ...rest] = change;
  return [
    lock,
    stillCommented(role),
    ...rest,
    `COMMENT ON ROLE ${identifier(role.name)} IS ${literal(formatComment(role.foreignComment, mark))}`,
  ];
}

/** A change of the role's row that changes nothing, and locks it. */
export function lockOf({ name, connectionLimit }: Role): string {
  return `ALTER ROLE ${identifier(name)} CONNECTION LIMIT ${connectionLimit}`;
}

/** A statement that fails, with SQLSTATE 22012, unless the comment on the role is the one that was read. */
export function stillCommented({ name, comment }: Role): string {
  return `SELECT 1 OPERATOR(pg_catalog./) CASE WHEN COALESCE(pg_catalog.shobj_description(r.oid, 'pg_authid'), '')
      OPERATOR(pg_catalog.=) ${literal(comment ?? '')} THEN 1 ELSE 0 END
    FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) ${literal(name)}`;
}

/** Does the work again, from its reading, when another session has changed or made the role in between. */
export async function retried<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isOvertaken(error)) throw error;
      if (attempt === MOST_ATTEMPTS) {
        throw roleRefused(
          `other sessions keep changing the role that "${connection.login.username}" is about to change`,
        );
      }
    }
  }
}

/**
 * The fence fell, two sessions updated one row or waited for each other, another one made the role or the database
 * first, or a table or schema that was there is gone.
 */
function isOvertaken(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  if (!(cause instanceof DatabaseError)) return false;
  return (
    cause.routine === 'simple_heap_update' ||
    ['22012', '42710', '23505', '40P01', '42P04', '42P01', '3F000'].includes(cause.code ?? '')
  );
}
