import type { Connection } from '../connection';
import { sql } from '../template/sql';

export interface FoundDatabase {
  readonly owner: string;
  /** Whether the user has CONNECT, by any grant. */
  readonly connects: boolean;
  /** Whether the user has CONNECT by a grant of the database's owner. */
  readonly granted: boolean;
}

/** A database and the user's privileges on it; undefined if it does not exist. */
export async function readDatabase(admin: Connection, name: string, user: string): Promise<FoundDatabase | undefined> {
  const [found] = await admin.query<FoundDatabase>(READ_DATABASE, [name, user]);
  return found;
}

export const READ_DATABASE = sql`
  SELECT pg_get_userbyid(d.datdba) AS owner,
    COALESCE(has_database_privilege(u.oid, d.oid, 'CONNECT'), false) AS connects,
    EXISTS (
      SELECT FROM aclexplode(d.datacl) AS g
      WHERE g.grantee = u.oid AND g.grantor = d.datdba AND g.privilege_type = 'CONNECT'
    ) AS granted
  FROM pg_database AS d LEFT JOIN pg_roles AS u ON u.rolname = $2::name
  WHERE d.datname = $1::name`;
