/** What the alternate may do that a session which acts as the owner may not, apart from what the alternate owns. */
import type { Pair, Remedy } from '../../ports/database';
import type { Connection } from '../connection';
import { identifier } from '../sql';

/**
 * The catalogues whose objects have privileges, with the columns of owner and privileges. Columns of tables, large
 * objects and the server's parameters are dealt with apart.
 */
const CATALOGUES = [
  ['pg_class', 'relowner', 'relacl'],
  ['pg_proc', 'proowner', 'proacl'],
  ['pg_type', 'typowner', 'typacl'],
  ['pg_namespace', 'nspowner', 'nspacl'],
  ['pg_database', 'datdba', 'datacl'],
  ['pg_tablespace', 'spcowner', 'spcacl'],
  ['pg_language', 'lanowner', 'lanacl'],
  ['pg_foreign_data_wrapper', 'fdwowner', 'fdwacl'],
  ['pg_foreign_server', 'srvowner', 'srvacl'],
] as const;

/** What PostgreSQL calls an object, and what GRANT calls it. */
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
/** What belongs to the server, and is found in every database. */
const SHARED = new Set(['database', 'tablespace', 'parameter ACL']);
const DEFAULT_KINDS: Readonly<Record<string, string>> = {
  r: 'TABLES',
  S: 'SEQUENCES',
  f: 'ROUTINES',
  T: 'TYPES',
  n: 'SCHEMAS',
  L: 'LARGE OBJECTS',
};

/** `pg_parameter_acl` is there from this version on. */
const PARAMETER_PRIVILEGES_SINCE = 150_000;

/** The privileges that the alternate was granted on what others own, in this database and on the server. */
export async function hiddenGrants(connection: Connection, pair: Pair): Promise<Remedy[]> {
  const [{ version }] = await connection.query<{ version: number }>(
    "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version",
  );
  return (await connection.query<Grant>(grants(version), namesOf(pair))).map(grant =>
    grantTo(identifier(pair.owner), grant),
  );
}

/**
 * What else is said of the alternate in this database: row-level security policies, default privileges, user mappings.
 */
export async function hiddenRules(connection: Connection, pair: Pair): Promise<Remedy[]> {
  const owner = identifier(pair.owner);
  return [
    ...(await connection.query<Policy>(POLICIES, namesOf(pair))).map(policy => policyFor(owner, policy)),
    ...(await connection.query<DefaultPrivilege>(DEFAULT_PRIVILEGES, namesOf(pair))).map(defaultPrivilege),
    ...(await connection.query<UserMapping>(USER_MAPPINGS, namesOf(pair))).map(mapping =>
      userMappingFor(owner, mapping),
    ),
  ];
}

function namesOf({ alternate, owner }: Pair): string[] {
  return [alternate, owner];
}

/** Who can end what is hidden. */
interface Ability {
  readonly by: string;
  readonly able: boolean;
}

interface Grant extends Ability {
  readonly kind: string;
  readonly identity: string;
  readonly privileges: string;
  readonly grantable: boolean;
}

function grantTo(owner: string, { kind, identity, privileges, grantable, by, able }: Grant): Remedy {
  const statement =
    `GRANT ${privileges} ON ${KINDS[kind] ?? kind.toUpperCase()} ${identity} TO ` +
    `${owner}${grantable ? ' WITH GRANT OPTION' : ''}`;
  return { statement, by, able, shared: SHARED.has(kind) };
}

interface Policy extends Ability {
  /** Name and table. */
  readonly identity: string;
  readonly roles: readonly string[];
}

function policyFor(owner: string, { identity, roles, by, able }: Policy): Remedy {
  return { statement: `ALTER POLICY ${identity} TO ${[...roles.map(identifier), owner].join(', ')}`, by, able };
}

interface DefaultPrivilege extends Ability {
  readonly verb: 'GRANT' | 'REVOKE';
  readonly kind: string;
  readonly schema: string | null;
  readonly privileges: string;
  /** Null for PUBLIC. */
  readonly grantee: string | null;
  readonly grantable: boolean;
}

function defaultPrivilege({ verb, kind, schema, privileges, grantee, grantable, by, able }: DefaultPrivilege): Remedy {
  const where = schema === null ? '' : ` IN SCHEMA ${identifier(schema)}`;
  const who = `${verb === 'GRANT' ? 'TO' : 'FROM'} ${grantee === null ? 'PUBLIC' : identifier(grantee)}`;
  const action = `${verb} ${privileges} ON ${DEFAULT_KINDS[kind]} ${who}${grantable ? ' WITH GRANT OPTION' : ''}`;
  return { statement: `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(by)}${where} ${action}`, by, able };
}

interface UserMapping {
  readonly server: string;
  readonly by: string;
}

/** Its options may hold a password, which must not be in a statement: a person has to do it. */
function userMappingFor(owner: string, { server, by }: UserMapping): Remedy {
  return { statement: `CREATE USER MAPPING FOR ${owner} SERVER ${identifier(server)} OPTIONS (…)`, by, able: false };
}

const PAIR = `
  SELECT a.oid AS alternate, o.oid AS owner
  FROM pg_catalog.pg_roles AS a, pg_catalog.pg_roles AS o
  WHERE a.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name AND o.rolname OPERATOR(pg_catalog.=) $2::pg_catalog.name`;

/** Whether the owner has a privilege that was granted to this role, 0 being PUBLIC. */
const reaches = (grantee: string) =>
  `CASE WHEN ${grantee} OPERATOR(pg_catalog.=) 0 THEN true ELSE pg_catalog.pg_has_role(pair.owner, ` +
  `${grantee}, 'USAGE') END`;

/** A privilege on a column is also had by whoever has it on the table. */
function grants(version: number): string {
  const nobody = '0::pg_catalog.oid';
  const object = (catalogue: string, owner: string, acl: string, objects = catalogue) => `
    SELECT 'pg_catalog.${catalogue}'::pg_catalog.regclass::pg_catalog.oid, oid, NULL::pg_catalog.name, ${owner}, ${acl}, NULL::pg_catalog.aclitem[]
    FROM pg_catalog.${objects} WHERE ${acl} IS NOT NULL`;
  const objects = [
    ...CATALOGUES.map(([catalogue, owner, acl]) => object(catalogue, owner, acl)),
    object('pg_largeobject', 'lomowner', 'lomacl', 'pg_largeobject_metadata'),
    ...(version >= PARAMETER_PRIVILEGES_SINCE ? [object('pg_parameter_acl', nobody, 'paracl')] : []),
    `SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, t.attname, c.relowner, t.attacl, c.relacl
    FROM pg_catalog.pg_attribute AS t JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.attrelid
    WHERE t.attacl IS NOT NULL AND NOT t.attisdropped`,
  ];
  return `
  WITH pair AS (${PAIR}), held (classid, objid, "column", owner, acl, whole) AS (${objects.join(' UNION ALL ')})
  SELECT i.type AS kind, i.identity, pg_catalog.string_agg(
      g.privilege_type OPERATOR(pg_catalog.||) COALESCE(' (' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(held."column") OPERATOR(pg_catalog.||) ')', ''), ', '
    ) AS privileges, g.is_grantable AS grantable, pg_catalog.pg_get_userbyid(g.grantor) AS by, able
  FROM held CROSS JOIN pair CROSS JOIN LATERAL pg_catalog.aclexplode(held.acl) AS g
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(held.classid, held.objid, 0) AS i
    CROSS JOIN LATERAL (
      SELECT pg_catalog.bool_or(has.is_grantable AND has.grantee OPERATOR(pg_catalog.<>) 0 AND pg_catalog.pg_has_role(pair.alternate, has.grantee, 'USAGE'))
        OR (held.owner OPERATOR(pg_catalog.<>) 0 AND pg_catalog.pg_has_role(pair.alternate, held.owner, 'USAGE')) AS able
      FROM pg_catalog.aclexplode(held.acl OPERATOR(pg_catalog.||) held.whole) AS has
      WHERE has.privilege_type OPERATOR(pg_catalog.=) g.privilege_type
    ) AS giving
  WHERE g.grantee OPERATOR(pg_catalog.=) pair.alternate AND held.owner OPERATOR(pg_catalog.<>) pair.alternate
    AND (held.owner OPERATOR(pg_catalog.=) 0 OR NOT pg_catalog.pg_has_role(pair.owner, held.owner, 'USAGE'))
    AND NOT EXISTS (
      SELECT FROM pg_catalog.aclexplode(held.acl OPERATOR(pg_catalog.||) held.whole) AS has
      WHERE has.privilege_type OPERATOR(pg_catalog.=) g.privilege_type AND (has.is_grantable OR NOT g.is_grantable) AND ${reaches('has.grantee')}
    )
  GROUP BY 1, 2, 4, 5, 6
  ORDER BY 1, 2`;
}

const POLICIES = `
  WITH pair AS (${PAIR})
  SELECT i.identity, pg_catalog.json_agg(pg_catalog.pg_get_userbyid(r.oid)) AS roles,
    pg_catalog.pg_get_userbyid(c.relowner) AS by, pg_catalog.pg_has_role(pair.alternate, c.relowner, 'USAGE') AS able
  FROM pg_catalog.pg_policy AS p CROSS JOIN pair JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) p.polrelid
    CROSS JOIN LATERAL pg_catalog.unnest(p.polroles) AS r (oid)
    CROSS JOIN LATERAL pg_catalog.pg_identify_object('pg_catalog.pg_policy'::pg_catalog.regclass::pg_catalog.oid, p.oid, 0) AS i
  GROUP BY i.identity, c.relowner, pair.alternate, pair.owner
  HAVING pg_catalog.bool_or(r.oid OPERATOR(pg_catalog.=) pair.alternate) AND NOT pg_catalog.bool_or(${reaches('r.oid')})
  ORDER BY 1`;

/**
 * Who creates what decides which default privileges it gets: what the alternate gives away, the owner has to; and so
 * that the owner gets what others give to the alternate, they have to. What the alternate takes from PUBLIC the owner
 * takes too, unless it has made a choice of its own.
 */
const DEFAULT_PRIVILEGES = `
  WITH pair AS (${PAIR}), wanted (creator, grantee, kind, namespace, privilege, grantable) AS (
    SELECT CASE WHEN d.defaclrole OPERATOR(pg_catalog.=) pair.alternate THEN pair.owner ELSE d.defaclrole END,
      CASE WHEN d.defaclrole OPERATOR(pg_catalog.=) pair.alternate THEN g.grantee ELSE pair.owner END,
      d.defaclobjtype, d.defaclnamespace, g.privilege_type, g.is_grantable
    FROM pg_catalog.pg_default_acl AS d CROSS JOIN pair CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) AS g
    WHERE CASE WHEN d.defaclrole OPERATOR(pg_catalog.=) pair.alternate
      THEN g.grantee OPERATOR(pg_catalog.<>) pair.alternate AND g.grantee OPERATOR(pg_catalog.<>) pair.owner
      ELSE g.grantee OPERATOR(pg_catalog.=) pair.alternate AND NOT pg_catalog.pg_has_role(pair.owner, d.defaclrole, 'USAGE') END
  ), builtin (kind, acl) AS (
    SELECT k.kind, pg_catalog.acldefault(CASE WHEN k.kind OPERATOR(pg_catalog.=) 'S' THEN 's' ELSE k.kind END, pair.owner)
    FROM pair CROSS JOIN LATERAL (SELECT DISTINCT d.defaclobjtype FROM pg_catalog.pg_default_acl AS d) AS k (kind)
  )
  SELECT 'GRANT' AS verb, w.kind, n.nspname AS schema, pg_catalog.string_agg(w.privilege, ', ') AS privileges,
    CASE WHEN w.grantee OPERATOR(pg_catalog.<>) 0 THEN pg_catalog.pg_get_userbyid(w.grantee) END AS grantee, w.grantable,
    pg_catalog.pg_get_userbyid(w.creator) AS by, pg_catalog.pg_has_role(pair.alternate, w.creator, 'USAGE') AS able
  FROM wanted AS w CROSS JOIN pair LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) w.namespace
  WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_default_acl AS d CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) AS has
    WHERE d.defaclrole OPERATOR(pg_catalog.=) w.creator AND d.defaclobjtype OPERATOR(pg_catalog.=) w.kind
      AND (d.defaclnamespace OPERATOR(pg_catalog.=) 0 OR d.defaclnamespace OPERATOR(pg_catalog.=) w.namespace)
      AND has.privilege_type OPERATOR(pg_catalog.=) w.privilege AND (has.is_grantable OR NOT w.grantable)
      AND (has.grantee OPERATOR(pg_catalog.=) 0 OR has.grantee OPERATOR(pg_catalog.=) w.grantee
        OR (w.grantee OPERATOR(pg_catalog.=) pair.owner AND ${reaches('has.grantee')}))
  ) AND NOT (w.grantee OPERATOR(pg_catalog.=) 0 AND NOT w.grantable AND EXISTS (
    SELECT FROM builtin AS b CROSS JOIN LATERAL pg_catalog.aclexplode(b.acl) AS has
    WHERE b.kind OPERATOR(pg_catalog.=) w.kind AND has.grantee OPERATOR(pg_catalog.=) 0 AND has.privilege_type OPERATOR(pg_catalog.=) w.privilege
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_default_acl AS d WHERE d.defaclrole OPERATOR(pg_catalog.=) w.creator
          AND d.defaclobjtype OPERATOR(pg_catalog.=) w.kind AND d.defaclnamespace OPERATOR(pg_catalog.=) 0
      )
  ))
  GROUP BY w.kind, n.nspname, w.grantee, w.grantable, w.creator, pair.alternate
  UNION ALL
  SELECT 'REVOKE', b.kind, NULL, pg_catalog.string_agg(has.privilege_type, ', '), NULL, false, pg_catalog.pg_get_userbyid(pair.owner), true
  FROM builtin AS b CROSS JOIN pair CROSS JOIN LATERAL pg_catalog.aclexplode(b.acl) AS has
    JOIN pg_catalog.pg_default_acl AS d ON d.defaclrole OPERATOR(pg_catalog.=) pair.alternate
      AND d.defaclobjtype OPERATOR(pg_catalog.=) b.kind AND d.defaclnamespace OPERATOR(pg_catalog.=) 0
  WHERE has.grantee OPERATOR(pg_catalog.=) 0
    AND NOT EXISTS (
      SELECT FROM pg_catalog.aclexplode(d.defaclacl) AS own
      WHERE own.grantee OPERATOR(pg_catalog.=) 0 AND own.privilege_type OPERATOR(pg_catalog.=) has.privilege_type
    )
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_default_acl AS o WHERE o.defaclrole OPERATOR(pg_catalog.=) pair.owner
        AND o.defaclobjtype OPERATOR(pg_catalog.=) b.kind AND o.defaclnamespace OPERATOR(pg_catalog.=) 0
    )
  GROUP BY b.kind, pair.owner`;

const USER_MAPPINGS = `
  WITH pair AS (${PAIR})
  SELECT s.srvname AS server, pg_catalog.pg_get_userbyid(s.srvowner) AS by
  FROM pg_catalog.pg_user_mappings AS m CROSS JOIN pair JOIN pg_catalog.pg_foreign_server AS s ON s.oid OPERATOR(pg_catalog.=) m.srvid
  WHERE m.umuser OPERATOR(pg_catalog.=) pair.alternate AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_user_mappings AS o WHERE o.srvid OPERATOR(pg_catalog.=) m.srvid AND o.umuser OPERATOR(pg_catalog.=) pair.owner
  )`;
