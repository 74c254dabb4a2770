import { asMember } from './become-member';
import type { Connection } from '../connection';
import { identifier, list, sql } from '../template/sql';

/**
 * Removes the objects and privileges of logins in the connection's database.
 *
 * @param keeper the role that receives their objects there. Without a keeper, they own no object there whose owner
 *   could be changed.
 */
export async function dropOwned(there: Connection, logins: readonly string[], keeper?: string): Promise<void> {
  const all = list(logins.map(identifier));
  // REVOKE by a role that is not a member of the grantor only warns, and revokes nothing.
  const grantors = (await there.query<{ name: string }>(READ_GRANTORS, [logins])).map(({ name }) => name);
  await asMember(there, [...logins, ...grantors, ...(keeper === undefined ? [] : [keeper])], () =>
    there.run([
      ...(keeper === undefined
        ? []
        : [
            // The new owner of a function must have CREATE on its schema, as the old one has.
            sql`GRANT ${all} TO ${identifier(keeper)}`,
            sql`REASSIGN OWNED BY ${all} TO ${identifier(keeper)}`,
            sql`REVOKE ${all} FROM ${identifier(keeper)}`,
          ]),
      sql`DROP OWNED BY ${all}`,
    ]),
  );
}

/**
 * The owners of the objects on which the roles have grants, or whose policies name the roles, in this database and
 * server-wide. Objects that PostgreSQL itself owns have no owner in `pg_shdepend`; one of them is the schema `public`,
 * which belongs to the database's owner.
 */
export const READ_GRANTORS = sql`
  SELECT DISTINCT pg_get_userbyid(COALESCE(o.refobjid, d.datdba)) AS name
  FROM pg_shdepend AS s JOIN pg_roles AS r ON r.oid = s.refobjid
    JOIN pg_database AS d ON d.datname = current_database()
    LEFT JOIN pg_shdepend AS o ON o.dbid = s.dbid AND o.classid = s.classid
      AND o.objid = s.objid AND o.refclassid = s.refclassid AND o.deptype = 'o'
  WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass::oid
    AND s.classid <> 'pg_catalog.pg_auth_members'::regclass::oid
    AND s.dbid = ANY (ARRAY[0, d.oid]::oid[]) AND s.deptype = ANY (ARRAY['a', 'r']::"char"[])
    AND r.rolname = ANY ($1::name[])`;
