import type { Connection } from '../connection';
import { sql } from '../template/sql';

export type TargetKind = 'TABLE' | 'SEQUENCE' | 'SCHEMA';

/** Something that privileges are given on. */
export interface Target {
  readonly kind: TargetKind;
  /** Of what is to come: null for any. */
  readonly schema: string | null;
  /** Of a table or sequence. */
  readonly name: string | null;
  /** Whether it is what the owner makes from now on, and not an object. */
  readonly future: boolean;
  /** Of a schema: whether the owner has something in it. */
  readonly inhabited: boolean;
  /** Of a schema: whether the user may use it, for whatever reason. */
  readonly usable: boolean;
  /** What the user was given on it by who it belongs to. */
  readonly given: readonly string[];
}

/** What the user may have access to of an owner, and has; nothing where there is no such owner. */
export async function readAccessTargets(admin: Connection, user: string, owner: string): Promise<Target[]> {
  return admin.query<Target>(READ_ACCESS_TARGETS, [user, owner]);
}

/**
 * The tables, sequences and schemas, what is to come, and what the user ($1) was given on each. Of a schema that is not
 * the owner's ($2) only what the owner or the admin gave. No row where there is no such owner.
 */
export const READ_ACCESS_TARGETS = sql`
  WITH party AS (
    SELECT u.oid AS grantee, o.oid AS owner FROM pg_roles AS u, pg_roles AS o
    WHERE u.rolname = $1::name AND o.rolname = $2::name
  ), own (schema, oid, owner, acl) AS (
    SELECT n.nspname, n.oid, n.nspowner, n.nspacl FROM pg_namespace AS n
    WHERE NOT starts_with(n.nspname::text, 'pg_') AND n.nspname <> 'information_schema'
  ), relation (kind, schema, name, acl) AS (
    SELECT CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, own.schema, c.relname, c.relacl
    FROM pg_class AS c CROSS JOIN party JOIN own ON own.oid = c.relnamespace
    WHERE c.relowner = party.owner AND c.relkind = ANY (ARRAY['r', 'p', 'v', 'm', 'f', 'S']::"char"[])
  )
  SELECT relation.kind, relation.schema, relation.name, false AS future, true AS inhabited, false AS usable, ARRAY(
      SELECT g.privilege_type FROM aclexplode(relation.acl) AS g
      WHERE g.grantee = party.grantee AND g.grantor = party.owner
    ) AS given
  FROM relation CROSS JOIN party
  UNION ALL
  SELECT 'SCHEMA', own.schema, NULL, false,
    own.owner = party.owner OR EXISTS (SELECT FROM relation WHERE relation.schema = own.schema),
    has_schema_privilege(party.grantee, own.oid, 'USAGE'),
    ARRAY(
      SELECT g.privilege_type FROM aclexplode(own.acl) AS g
      WHERE g.grantee = party.grantee AND g.grantor = own.owner
        AND (pg_has_role(party.owner, own.owner, 'USAGE') OR pg_has_role(SESSION_USER, own.owner, 'USAGE'))
    )
  FROM own CROSS JOIN party
  UNION ALL
  SELECT later.kind, space.schema, NULL, true, true, false, ARRAY(
      SELECT g.privilege_type FROM pg_default_acl AS d CROSS JOIN LATERAL aclexplode(d.defaclacl) AS g
      WHERE d.defaclrole = party.owner AND d.defaclnamespace = space.oid
        AND d.defaclobjtype = later.type AND g.grantee = party.grantee
    )
  FROM (SELECT own.schema, own.oid FROM own UNION ALL SELECT NULL, 0::oid) AS space
    CROSS JOIN (VALUES ('TABLE', 'r'::"char"), ('SEQUENCE', 'S'), ('SCHEMA', 'n')) AS later (kind, type)
    CROSS JOIN party
  WHERE space.schema IS NULL OR later.kind <> 'SCHEMA'
  ORDER BY 1, 2, 3`;
