import { type Grantor, namesOf, PAIR, reachesOwner } from './clone-pair';
import type { MissingGrant, Pair } from '../../ports/logins';
import type { Connection } from '../connection';
import { identifier, join, type Sql, sql, writtenByServer } from '../template/sql';

/** The keyword of GRANT for each type that `pg_identify_object()` returns. */
const KINDS: Readonly<Record<string, string>> = {
  table: 'TABLE',
  view: 'TABLE',
  'materialized view': 'TABLE',
  'foreign table': 'TABLE',
  sequence: 'SEQUENCE',
  function: 'ROUTINE',
  procedure: 'ROUTINE',
  aggregate: 'ROUTINE',
  'foreign-data wrapper': 'FOREIGN DATA WRAPPER',
  server: 'FOREIGN SERVER',
  'parameter ACL': 'PARAMETER',
};
/** Server-wide objects, which every database lists. */
const SHARED = new Set(['database', 'tablespace', 'parameter ACL']);

/** The first version with `pg_parameter_acl`. */
const PARAMETER_PRIVILEGES_SINCE = 150_000;

/** The privileges that the alternate has on objects of other owners, in this database and server-wide. */
export async function readCloneGrants(connection: Connection, pair: Pair): Promise<MissingGrant<Sql>[]> {
  const [{ version }] = await connection.query<{ version: number }>(READ_VERSION);
  return (await connection.query<Grant>(readGrants(version), namesOf(pair))).map(grant => grantTo(pair.owner, grant));
}

interface Grant extends Grantor {
  readonly kind: string;
  readonly identity: string;
  readonly privileges: string;
  readonly grantable: boolean;
}

function grantTo(owner: string, { kind, identity, privileges, grantable, ...grantor }: Grant): MissingGrant<Sql> {
  const [what, on, where] = [privileges, KINDS[kind] ?? kind.toUpperCase(), identity].map(writtenByServer);
  const option = grantable ? sql` WITH GRANT OPTION` : sql``;
  return {
    sql: sql`GRANT ${what} ON ${on} ${where} TO ${identifier(owner)}${option}`,
    ...grantor,
    shared: SHARED.has(kind),
  };
}

export const READ_VERSION = sql`SELECT current_setting('server_version_num')::int4 AS version`;

/** Rows of class, object, column, owner, privileges, and for a column the privileges on its table. */
const OBJECTS = join(
  [
    sql`SELECT 'pg_catalog.pg_class'::regclass::oid, oid, NULL::name, relowner, relacl, NULL::aclitem[]
    FROM pg_class WHERE relacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_proc'::regclass::oid, oid, NULL::name, proowner, proacl, NULL::aclitem[]
    FROM pg_proc WHERE proacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_type'::regclass::oid, oid, NULL::name, typowner, typacl, NULL::aclitem[]
    FROM pg_type WHERE typacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_namespace'::regclass::oid, oid, NULL::name, nspowner, nspacl, NULL::aclitem[]
    FROM pg_namespace WHERE nspacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_database'::regclass::oid, oid, NULL::name, datdba, datacl, NULL::aclitem[]
    FROM pg_database WHERE datacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_tablespace'::regclass::oid, oid, NULL::name, spcowner, spcacl, NULL::aclitem[]
    FROM pg_tablespace WHERE spcacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_language'::regclass::oid, oid, NULL::name, lanowner, lanacl, NULL::aclitem[]
    FROM pg_language WHERE lanacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_foreign_data_wrapper'::regclass::oid, oid, NULL::name, fdwowner, fdwacl, NULL::aclitem[]
    FROM pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_foreign_server'::regclass::oid, oid, NULL::name, srvowner, srvacl, NULL::aclitem[]
    FROM pg_foreign_server WHERE srvacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_largeobject'::regclass::oid, oid, NULL::name, lomowner, lomacl, NULL::aclitem[]
    FROM pg_largeobject_metadata WHERE lomacl IS NOT NULL`,
    sql`SELECT 'pg_catalog.pg_class'::regclass::oid, c.oid, t.attname, c.relowner, t.attacl, c.relacl
    FROM pg_attribute AS t JOIN pg_class AS c ON c.oid = t.attrelid
    WHERE t.attacl IS NOT NULL AND NOT t.attisdropped`,
  ],
  sql` UNION ALL `,
);
/** Server parameters have no owner. */
const PARAMETERS = sql`
    SELECT 'pg_catalog.pg_parameter_acl'::regclass::oid, oid, NULL::name, 0::oid, paracl, NULL::aclitem[]
    FROM pg_parameter_acl WHERE paracl IS NOT NULL`;

/** A privilege on a table includes its columns, so that the table's privileges count for a column as well. */
export function readGrants(version: number): Sql {
  const objects = version >= PARAMETER_PRIVILEGES_SINCE ? sql`${OBJECTS} UNION ALL ${PARAMETERS}` : OBJECTS;
  return sql`
  WITH pair AS (${PAIR}), held (classid, objid, "column", owner, acl, whole) AS (${objects})
  SELECT i.type AS kind, i.identity, string_agg(
      g.privilege_type || COALESCE(' (' || quote_ident(held."column") || ')', ''), ', '
    ) AS privileges, g.is_grantable AS grantable, pg_get_userbyid(g.grantor) AS "runAs", giving."canRun"
  FROM held CROSS JOIN pair CROSS JOIN LATERAL aclexplode(held.acl) AS g
    CROSS JOIN LATERAL pg_identify_object(held.classid, held.objid, 0) AS i
    CROSS JOIN LATERAL (
      SELECT bool_or(has.is_grantable AND has.grantee <> 0 AND pg_has_role(pair.alternate, has.grantee, 'USAGE'))
        OR (held.owner <> 0 AND pg_has_role(pair.alternate, held.owner, 'USAGE')) AS "canRun"
      FROM aclexplode(held.acl || held.whole) AS has
      WHERE has.privilege_type = g.privilege_type
    ) AS giving
  WHERE g.grantee = pair.alternate AND held.owner <> pair.alternate
    AND (held.owner = 0 OR NOT pg_has_role(pair.owner, held.owner, 'USAGE'))
    AND NOT EXISTS (
      SELECT FROM aclexplode(held.acl || held.whole) AS has
      WHERE has.privilege_type = g.privilege_type AND (has.is_grantable OR NOT g.is_grantable)
        AND ${reachesOwner(sql`has.grantee`)}
    )
  GROUP BY 1, 2, 4, 5, 6
  ORDER BY 1, 2`;
}
