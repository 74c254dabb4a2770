import { asMember } from './become-member';
import type { Connection } from '../connection';
import { identifier, list, sql } from '../template/sql';

/**
 * Takes from logins whatever they have in the connection's database.
 *
 * @param keeper the role that gets what they own there; without one they own nothing that could be given away
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
 * Who owns what the roles were granted something on, or what a policy of names them, here and on the server. What
 * PostgreSQL itself owns has no owner in this catalogue; of that, the schema `public` is in the hands of the database's
 * owner.
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
