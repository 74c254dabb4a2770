import type { MissingGrant, Pair } from '../../ports/logins';
import { type Sql, sql } from '../template/sql';

/** The role that can give the owner a privilege that only the alternate has. */
export interface Grantor {
  readonly runAs: string;
  readonly canRun: boolean;
}

/** The parameters of the queries for privileges that only the alternate has. */
export function namesOf({ alternate, owner }: Pair): string[] {
  return [alternate, owner];
}

export const PAIR = sql`
  SELECT a.oid AS alternate, o.oid AS owner
  FROM pg_roles AS a, pg_roles AS o
  WHERE a.rolname = $1::name AND o.rolname = $2::name`;

/** Whether the owner has a privilege that was granted to this role. OID 0 is PUBLIC. */
export const reachesOwner = (grantee: Sql) =>
  sql`CASE WHEN ${grantee} = 0 THEN true ELSE pg_has_role(pair.owner, ${grantee}, 'USAGE') END`;

/** The statements as SQL text, for an error message. */
export function readable(grants: readonly MissingGrant<Sql>[]): MissingGrant[] {
  return grants.map(grant => ({ ...grant, sql: grant.sql.text }));
}
