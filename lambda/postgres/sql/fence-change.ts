import type { Role } from '../role';
import { formatComment, type RoleMark } from '../role-mark';
import { identifier, integer, literal, type Sql, sql } from '../template/sql';

/**
 * The comment on a role is what every change of its password goes by, and it changes with each. So the change is put
 * between a lock on the role and a look at whether the comment is still the one that was read: what came in between
 * rolls it back.
 *
 * @param change the first statement must change the role's row, which locks it
 */
export function fenced(role: Role, change: readonly Sql[], mark: RoleMark): Sql[] {
  const [lock, ...rest] = change;
  return [lock, stillCommented(role), ...rest, commentOn(role.name, formatComment(role.foreignComment, mark))];
}

/** A change of the role's row that changes nothing, and locks it. */
export function lockOf({ name, connectionLimit }: Role): Sql {
  return sql`ALTER ROLE ${identifier(name)} CONNECTION LIMIT ${integer(connectionLimit)}`;
}

/** A statement that fails, with SQLSTATE 22012, unless the comment on the role is the one that was read. */
export function stillCommented({ name, comment }: Pick<Role, 'name' | 'comment'>): Sql {
  return sql`
    SELECT 1 / CASE WHEN COALESCE(shobj_description(r.oid, 'pg_authid'), '') = ${literal(comment ?? '')}
        THEN 1 ELSE 0 END
    FROM pg_roles AS r WHERE r.rolname = ${literal(name)}`;
}

export function commentOn(role: string, comment: string): Sql {
  return sql`COMMENT ON ROLE ${identifier(role)} IS ${literal(comment)}`;
}
