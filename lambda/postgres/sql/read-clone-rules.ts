import { type Grantor, namesOf, PAIR, reachesOwner } from './clone-pair';
import { readCloneDefaultPrivileges } from './read-clone-default-privileges';
import type { MissingGrant, Pair } from '../../ports/logins';
import type { Connection } from '../connection';
import { identifier, list, type Sql, sql, writtenByServer } from '../template/sql';

/** The row-level security policies, default privileges and user mappings of this database that name the alternate. */
export async function readCloneRules(connection: Connection, pair: Pair): Promise<MissingGrant<Sql>[]> {
  const owner = identifier(pair.owner);
  return [
    ...(await connection.query<Policy>(READ_POLICIES, namesOf(pair))).map(policy => policyFor(owner, policy)),
    ...(await readCloneDefaultPrivileges(connection, pair)),
    ...(await connection.query<UserMapping>(READ_USER_MAPPINGS, namesOf(pair))).map(mapping =>
      userMappingFor(owner, mapping),
    ),
  ];
}

interface Policy extends Grantor {
  /** Name and table. */
  readonly identity: string;
  readonly roles: readonly string[];
}

function policyFor(owner: Sql, { identity, roles, ...grantor }: Policy): MissingGrant<Sql> {
  const readers = list([...roles.map(identifier), owner]);
  return { sql: sql`ALTER POLICY ${writtenByServer(identity)} TO ${readers}`, ...grantor };
}

export const READ_POLICIES = sql`
  WITH pair AS (${PAIR})
  SELECT i.identity, json_agg(pg_get_userbyid(r.oid)) AS roles,
    pg_get_userbyid(c.relowner) AS "runAs", pg_has_role(pair.alternate, c.relowner, 'USAGE') AS "canRun"
  FROM pg_policy AS p CROSS JOIN pair JOIN pg_class AS c ON c.oid = p.polrelid
    CROSS JOIN LATERAL unnest(p.polroles) AS r (oid)
    CROSS JOIN LATERAL pg_identify_object('pg_catalog.pg_policy'::regclass::oid, p.oid, 0) AS i
  GROUP BY i.identity, c.relowner, pair.alternate, pair.owner
  HAVING bool_or(r.oid = pair.alternate) AND NOT bool_or(${reachesOwner(sql`r.oid`)})
  ORDER BY 1`;

interface UserMapping {
  readonly server: string;
  readonly runAs: string;
}

/** The options may contain a password, which must not be in a statement: an operator has to create the mapping. */
function userMappingFor(owner: Sql, { server, runAs }: UserMapping): MissingGrant<Sql> {
  const options = writtenByServer('(…)');
  return {
    sql: sql`CREATE USER MAPPING FOR ${owner} SERVER ${identifier(server)} OPTIONS ${options}`,
    runAs,
    canRun: false,
  };
}

export const READ_USER_MAPPINGS = sql`
  WITH pair AS (${PAIR})
  SELECT s.srvname AS server, pg_get_userbyid(s.srvowner) AS "runAs"
  FROM pg_user_mappings AS m CROSS JOIN pair JOIN pg_foreign_server AS s ON s.oid = m.srvid
  WHERE m.umuser = pair.alternate AND NOT EXISTS (
    SELECT FROM pg_user_mappings AS o WHERE o.srvid = m.srvid AND o.umuser = pair.owner
  )`;
