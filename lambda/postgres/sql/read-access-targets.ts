import type { Connection } from '../connection';
import { sql } from '../template/sql';

export type TargetKind = 'TABLE' | 'SEQUENCE' | 'SCHEMA';

/** An object or a class of future objects on which privileges are granted. */
export interface Target {
  readonly kind: TargetKind;
  /** The schema; null for default privileges in all schemas. */
  readonly schema: string | null;
  /** The name of a table or sequence; null for other targets. */
  readonly name: string | null;
  /** Whether it stands for the objects that the owner creates later (default privileges). */
  readonly future: boolean;
  /** For a schema: whether the owner owns it or an object in it. */
  readonly inhabited: boolean;
  /** For a schema: whether the user has USAGE, by any grant. */
  readonly usable: boolean;
  /** The privileges that the user has on it by a grant of its owner. */
  readonly given: readonly string[];
}

/** The targets of an owner, and the user's privileges on each; empty if the owner does not exist. */
export async function readAccessTargets(admin: Connection, user: string, owner: string): Promise<Target[]> {
  return admin.query<Target>(READ_ACCESS_TARGETS, [user, owner]);
}

/**
 * Tables, sequences, schemas and default privileges of the owner ($2), and the privileges of the user ($1) on each. For
 * a schema of another owner, grants count only if the owner or the admin has that owner's privileges. No row if the
 * owner does not exist.
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
