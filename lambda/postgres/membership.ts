import type { Connection } from './connection';
import { MEMBERSHIP_OPTIONS_SINCE, roleRefused, withMissingGrant } from './roles';
import { identifier } from './sql';

/**
 * Does something as the admin with the privileges of other roles, and with the right to give them things, in one
 * transaction: the admin makes itself their member at its start and has exactly the memberships of before at its end.
 * Nobody else sees the others, and where two sessions do this with one role, the second waits for the first.
 *
 * @throws with code `Role` when there is no such role, with code `AdminOption` when the admin may not make itself a
 * member
 */
export async function asMember<T>(admin: Connection, roles: readonly string[], work: () => Promise<T>): Promise<T> {
  await admin.run(['BEGIN']);
  try {
    const leaving: string[] = [];
    for (const role of [...new Set(roles)].sort()) leaving.push(...(await join(admin, role)));
    const result = await work();
    await admin.run([...leaving, 'COMMIT']);
    return result;
  } catch (error) {
    await admin.run(['ROLLBACK']).catch(() => undefined); // the connection may be what failed
    throw error;
  }
}

/** Makes the admin a member; what takes that back. */
async function join(admin: Connection, role: string): Promise<string[]> {
  const before = await readStanding(admin, role);
  if (before.full) return [];
  const { version } = before;
  const [name, options] = [identifier(role), version >= MEMBERSHIP_OPTIONS_SINCE];
  await admin.run([`GRANT ${name} TO CURRENT_USER${options ? ' WITH INHERIT TRUE, SET TRUE' : ''}`]).catch(error => {
    throw withMissingGrant(error, admin, [{ name: role, version, administered: before.administered }]);
  });
  const { memberships } = await readStanding(admin, role);
  const given = memberships.find(
    ({ grantor, inherit, set }) =>
      !before.memberships.some(known => known.grantor === grantor && known.inherit === inherit && known.set === set),
  );
  if (!given) return []; // an admin that does not inherit was a member already, which PostgreSQL 15 leaves at that
  const by = options ? ` GRANTED BY ${identifier(given.grantor)}` : '';
  const changed = before.memberships.find(({ grantor }) => grantor === given.grantor);
  if (changed) return [`GRANT ${name} TO CURRENT_USER WITH INHERIT ${changed.inherit}, SET ${changed.set}${by}`];
  return [`REVOKE ${name} FROM CURRENT_USER${by}`];
}

/** How the admin stands to a role. */
interface Standing {
  /** Whether it has the role's privileges, and may act as the role. */
  readonly full: boolean;
  readonly administered: boolean;
  readonly version: number;
  /** Its direct memberships: from PostgreSQL 16 on, one of each who granted it. */
  readonly memberships: readonly { readonly grantor: string; readonly inherit: boolean; readonly set: boolean }[];
}

async function readStanding(admin: Connection, role: string): Promise<Standing> {
  const [standing] = await admin.query<Standing>(READ_STANDING, [role]);
  if (!standing) throw roleRefused(`the role "${role}" does not exist`);
  return standing;
}

/** The options are read as JSON: they are columns from PostgreSQL 16 on only. */
const READ_STANDING = `
  SELECT pg_catalog.pg_has_role(SESSION_USER, r.oid, 'USAGE') AND pg_catalog.pg_has_role(
      SESSION_USER, r.oid, CASE WHEN v.version OPERATOR(pg_catalog.>=) ${MEMBERSHIP_OPTIONS_SINCE} THEN 'SET' ELSE 'MEMBER' END
    ) AS full,
    pg_catalog.pg_has_role(SESSION_USER, r.oid, 'MEMBER WITH ADMIN OPTION') AS administered,
    v.version,
    COALESCE((
      SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
        'grantor', pg_catalog.pg_get_userbyid(m.grantor),
        'inherit', COALESCE((pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'inherit_option')::pg_catalog.bool, me.rolinherit),
        'set', COALESCE((pg_catalog.to_jsonb(m) OPERATOR(pg_catalog.->>) 'set_option')::pg_catalog.bool, true)
      ))
      FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS me ON me.oid OPERATOR(pg_catalog.=) m.member
      WHERE me.rolname OPERATOR(pg_catalog.=) SESSION_USER AND m.roleid OPERATOR(pg_catalog.=) r.oid
    ), '[]') AS memberships
  FROM pg_catalog.pg_roles AS r
    CROSS JOIN (SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4) AS v (version)
  WHERE r.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name`;
