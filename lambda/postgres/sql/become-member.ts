import type { Connection } from '../connection';
import { MEMBERSHIP_OPTIONS_SINCE, roleRefused, withAdminOption } from '../role';
import { identifier, integer, type Sql, sql } from '../template/sql';

/**
 * Runs work as the admin with the privileges of other roles, in one transaction. The admin makes itself a member of the
 * roles at the start, and restores exactly its former memberships at the end. Other sessions never see these
 * memberships. If two sessions use the same role, the second waits for the first.
 *
 * @throws with code `Role` when a role does not exist, with code `AdminOption` when the admin may not make itself a
 *   member
 */
export async function asMember<T>(admin: Connection, roles: readonly string[], work: () => Promise<T>): Promise<T> {
  await admin.run([sql`BEGIN`]);
  try {
    const leaving: Sql[] = [];
    for (const role of [...new Set(roles)].sort()) leaving.push(...(await join(admin, role)));
    const result = await work();
    await admin.run([...leaving, sql`COMMIT`]);
    return result;
  } catch (error) {
    await admin.run([sql`ROLLBACK`]).catch(() => undefined); // the connection itself may have failed
    throw error;
  }
}

/** Makes the admin a member of the role, and returns the statements that undo it. */
async function join(admin: Connection, role: string): Promise<Sql[]> {
  const before = await readMembership(admin, role);
  if (before.full) return [];
  const { version } = before;
  const [name, hasOptions] = [identifier(role), version >= MEMBERSHIP_OPTIONS_SINCE];
  const options = hasOptions ? sql` WITH INHERIT TRUE, SET TRUE` : sql``;
  await admin.run([sql`GRANT ${name} TO CURRENT_USER${options}`]).catch(error => {
    throw withAdminOption(error, admin, [{ name: role, version, administered: before.administered }]);
  });
  const { memberships } = await readMembership(admin, role);
  const given = memberships.find(
    ({ grantor, inherit, set }) =>
      !before.memberships.some(known => known.grantor === grantor && known.inherit === inherit && known.set === set),
  );
  // with PostgreSQL 15 or earlier, an admin without INHERIT was a member already, and the GRANT changed nothing
  if (!given) return [];
  const by = hasOptions ? sql` GRANTED BY ${identifier(given.grantor)}` : sql``;
  const changed = before.memberships.find(({ grantor }) => grantor === given.grantor);
  if (!changed) return [sql`REVOKE ${name} FROM CURRENT_USER${by}`];
  const [inherit, set] = [changed.inherit, changed.set].map(option => (option ? sql`TRUE` : sql`FALSE`));
  return [sql`GRANT ${name} TO CURRENT_USER WITH INHERIT ${inherit}, SET ${set}${by}`];
}

/** The admin's memberships in a role. */
interface AdminMembership {
  /** Whether the admin has the role's privileges and may act as the role. */
  readonly full: boolean;
  readonly administered: boolean;
  readonly version: number;
  /** The direct memberships. From PostgreSQL 16 on, there is one for each grantor. */
  readonly memberships: readonly { readonly grantor: string; readonly inherit: boolean; readonly set: boolean }[];
}

async function readMembership(admin: Connection, role: string): Promise<AdminMembership> {
  const [membership] = await admin.query<AdminMembership>(READ_MEMBERSHIP, [role]);
  if (!membership) throw roleRefused(`the role "${role}" does not exist`);
  return membership;
}

/** Reads the membership options as JSON, because the columns exist only from PostgreSQL 16 on. */
export const READ_MEMBERSHIP = sql`
  SELECT pg_has_role(SESSION_USER, r.oid, 'USAGE') AND pg_has_role(
      SESSION_USER, r.oid, CASE WHEN v.version >= ${integer(MEMBERSHIP_OPTIONS_SINCE)} THEN 'SET' ELSE 'MEMBER' END
    ) AS full,
    pg_has_role(SESSION_USER, r.oid, 'MEMBER WITH ADMIN OPTION') AS administered,
    v.version,
    COALESCE((
      SELECT json_agg(json_build_object(
        'grantor', pg_get_userbyid(m.grantor),
        'inherit', COALESCE((to_jsonb(m) ->> 'inherit_option')::bool, me.rolinherit),
        'set', COALESCE((to_jsonb(m) ->> 'set_option')::bool, true)
      ))
      FROM pg_auth_members AS m JOIN pg_roles AS me ON me.oid = m.member
      WHERE me.rolname = SESSION_USER AND m.roleid = r.oid
    ), '[]') AS memberships
  FROM pg_roles AS r CROSS JOIN (SELECT current_setting('server_version_num')::int4) AS v (version)
  WHERE r.rolname = $1::name`;
