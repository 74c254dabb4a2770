import { type Grantor, namesOf, PAIR, reachesOwner } from './clone-pair';
import type { MissingGrant, Pair } from '../../ports/logins';
import type { Connection } from '../connection';
import { identifier, type Sql, sql, writtenByServer } from '../template/sql';

const KINDS: Readonly<Record<string, Sql>> = {
  r: sql`TABLES`,
  S: sql`SEQUENCES`,
  f: sql`ROUTINES`,
  T: sql`TYPES`,
  n: sql`SCHEMAS`,
  L: sql`LARGE OBJECTS`,
};

/** The default privileges in this database that name the alternate as creator or as grantee. */
export async function readCloneDefaultPrivileges(connection: Connection, pair: Pair): Promise<MissingGrant<Sql>[]> {
  const found = await connection.query<DefaultPrivilege>(READ_DEFAULT_PRIVILEGES, namesOf(pair));
  return found.map(alterDefaultPrivileges);
}

interface DefaultPrivilege extends Grantor {
  readonly verb: 'GRANT' | 'REVOKE';
  readonly kind: string;
  readonly schema: string | null;
  readonly privileges: string;
  /** Null for PUBLIC. */
  readonly grantee: string | null;
  readonly grantable: boolean;
}

function alterDefaultPrivileges({ verb, kind, schema, ...privilege }: DefaultPrivilege): MissingGrant<Sql> {
  const { privileges, grantee, grantable, runAs, canRun } = privilege;
  const where = schema === null ? sql`` : sql` IN SCHEMA ${identifier(schema)}`;
  const what = sql`${writtenByServer(privileges)} ON ${KINDS[kind]}`;
  const who = grantee === null ? sql`PUBLIC` : identifier(grantee);
  const change = verb === 'GRANT' ? sql`GRANT ${what} TO ${who}` : sql`REVOKE ${what} FROM ${who}`;
  const option = grantable ? sql` WITH GRANT OPTION` : sql``;
  return {
    sql: sql`ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(runAs)}${where} ${change}${option}`,
    runAs,
    canRun,
  };
}

/**
 * The default privileges of the creator apply to a new object. So default privileges that the alternate grants must be
 * repeated for the owner, and default privileges that other roles grant to the alternate must be granted to the owner
 * too. What the alternate revokes from PUBLIC is revoked for the owner as well, unless the owner has default privileges
 * of its own for that kind of object.
 */
export const READ_DEFAULT_PRIVILEGES = sql`
  WITH pair AS (${PAIR}), wanted (creator, grantee, kind, namespace, privilege, grantable) AS (
    SELECT CASE WHEN d.defaclrole = pair.alternate THEN pair.owner ELSE d.defaclrole END,
      CASE WHEN d.defaclrole = pair.alternate THEN g.grantee ELSE pair.owner END,
      d.defaclobjtype, d.defaclnamespace, g.privilege_type, g.is_grantable
    FROM pg_default_acl AS d CROSS JOIN pair CROSS JOIN LATERAL aclexplode(d.defaclacl) AS g
    WHERE CASE WHEN d.defaclrole = pair.alternate
      THEN g.grantee <> pair.alternate AND g.grantee <> pair.owner
      ELSE g.grantee = pair.alternate AND NOT pg_has_role(pair.owner, d.defaclrole, 'USAGE') END
  ), builtin (kind, acl) AS (
    SELECT k.kind, acldefault(CASE WHEN k.kind = 'S' THEN 's' ELSE k.kind END, pair.owner)
    FROM pair CROSS JOIN LATERAL (SELECT DISTINCT d.defaclobjtype FROM pg_default_acl AS d) AS k (kind)
  )
  SELECT 'GRANT' AS verb, w.kind, n.nspname AS schema, string_agg(w.privilege, ', ') AS privileges,
    CASE WHEN w.grantee <> 0 THEN pg_get_userbyid(w.grantee) END AS grantee, w.grantable,
    pg_get_userbyid(w.creator) AS "runAs", pg_has_role(pair.alternate, w.creator, 'USAGE') AS "canRun"
  FROM wanted AS w CROSS JOIN pair LEFT JOIN pg_namespace AS n ON n.oid = w.namespace
  WHERE NOT EXISTS (
    SELECT FROM pg_default_acl AS d CROSS JOIN LATERAL aclexplode(d.defaclacl) AS has
    WHERE d.defaclrole = w.creator AND d.defaclobjtype = w.kind
      AND (d.defaclnamespace = 0 OR d.defaclnamespace = w.namespace)
      AND has.privilege_type = w.privilege AND (has.is_grantable OR NOT w.grantable)
      AND (has.grantee = 0 OR has.grantee = w.grantee
        OR (w.grantee = pair.owner AND ${reachesOwner(sql`has.grantee`)}))
  ) AND NOT (w.grantee = 0 AND NOT w.grantable AND EXISTS (
    SELECT FROM builtin AS b CROSS JOIN LATERAL aclexplode(b.acl) AS has
    WHERE b.kind = w.kind AND has.grantee = 0 AND has.privilege_type = w.privilege
      AND NOT EXISTS (
        SELECT FROM pg_default_acl AS d
        WHERE d.defaclrole = w.creator AND d.defaclobjtype = w.kind AND d.defaclnamespace = 0
      )
  ))
  GROUP BY w.kind, n.nspname, w.grantee, w.grantable, w.creator, pair.alternate
  UNION ALL
  SELECT 'REVOKE', b.kind, NULL, string_agg(has.privilege_type, ', '), NULL, false, pg_get_userbyid(pair.owner), true
  FROM builtin AS b CROSS JOIN pair CROSS JOIN LATERAL aclexplode(b.acl) AS has
    JOIN pg_default_acl AS d ON d.defaclrole = pair.alternate AND d.defaclobjtype = b.kind AND d.defaclnamespace = 0
  WHERE has.grantee = 0
    AND NOT EXISTS (
      SELECT FROM aclexplode(d.defaclacl) AS own
      WHERE own.grantee = 0 AND own.privilege_type = has.privilege_type
    )
    AND NOT EXISTS (
      SELECT FROM pg_default_acl AS o
      WHERE o.defaclrole = pair.owner AND o.defaclobjtype = b.kind AND o.defaclnamespace = 0
    )
  GROUP BY b.kind, pair.owner`;
