import type { Role } from '../role';
import { formatComment, type RoleMark } from '../role-mark';
import { identifier, integer, literal, type Sql, sql } from '../template/sql';

/**
 * Makes a change conditional on the role's comment, which every change of its password rewrites. The change locks the
 * role's row, then checks that the comment is still the one that was read, then continues. If another session changed
 * it in the meantime, everything is rolled back.
 *
 * @param change its first statement must update the role's row, which locks it
 */
export function fenced(role: Role, change: readonly Sql[], mark: RoleMark): Sql[] {
  const [lock, ...rest] = change;
  return [lock, stillCommented(role), ...rest, commentOn(role.name, formatComment(role.foreignComment, mark))];
}

/** Locks the role's row, by an update that changes nothing. */
export function lockOf({ name, connectionLimit }: Role): Sql {
  return sql`ALTER ROLE ${identifier(name)} CONNECTION LIMIT ${integer(connectionLimit)}`;
}

/** Fails with SQLSTATE 22012 unless the comment on the role is the one that was read. */
export function stillCommented({ name, comment }: Pick<Role, 'name' | 'comment'>): Sql {
  return sql`
    SELECT 1 / CASE WHEN COALESCE(shobj_description(r.oid, 'pg_authid'), '') = ${literal(comment ?? '')}
        THEN 1 ELSE 0 END
    FROM pg_roles AS r WHERE r.rolname = ${literal(name)}`;
}

export function commentOn(role: string, comment: string): Sql {
  return sql`COMMENT ON ROLE ${identifier(role)} IS ${literal(comment)}`;
}
