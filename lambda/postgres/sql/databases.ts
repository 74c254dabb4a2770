import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { type DatabaseUserPrivileges, ErrorCode } from '../../../src/contract';
import { lacksPrivilege } from '../../runtime/error-predicates';
import { connect, type Connection, type Limits } from '../connection';
import { retried } from '../fence';
import { asMember } from '../membership';
import { identifier } from '../sql';

/**
 * Whether a database is made for a user who is declared to have these privileges in it; the tables of others are not in
 * a new one.
 */
const isMadeFor = (privileges: DatabaseUserPrivileges) => privileges === 'owner' || privileges === 'connect';

/**
 * Makes the database if it is not there.
 *
 * @throws with code `DatabaseMissing` where the user is to read what others have in it
 */
export async function ensureDatabase(
  admin: Connection,
  name: string,
  privileges: DatabaseUserPrivileges,
): Promise<void> {
  await retried(admin, async () => {
    if (await readDatabase(admin, name, '')) return;
    if (!isMadeFor(privileges)) {
      throw new RotatingPostgresError(
        ErrorCode.DATABASE_MISSING,
        `${admin.login.host}:${admin.login.port} has no database "${name}": deploy the user who owns it ` +
          'before those who read in it',
      );
    }
    await admin.run([`CREATE DATABASE ${identifier(name)}`]); // alone: it cannot be part of a transaction
  });
}

/**
 * Gives the user what it is declared to have on a database as a whole, and takes what it was declared to have before
 * and is not now. Whether the database is there.
 */
export async function provideDatabase(
  admin: Connection,
  user: string,
  name: string,
  declared?: DatabaseUserPrivileges,
  before?: DatabaseUserPrivileges,
): Promise<boolean> {
  return retried(admin, async () => {
    const found = await readDatabase(admin, name, user);
    if (!found) return false;
    const statements = changes(user, name, found, declared, before);
    // To give a database to a role, or take it from one, the admin has to be a member of that role; to grant on it, of
    // its owner.
    if (statements.length > 0) {
      await asMember(admin, [declared === 'owner' ? user : found.owner], () => admin.run(statements));
    }
    return true;
  });
}

function changes(
  user: string,
  database: string,
  found: Found,
  declared?: DatabaseUserPrivileges,
  before?: DatabaseUserPrivileges,
): string[] {
  const [name, role] = [identifier(database), identifier(user)];
  const owns = found.owner === user;
  if (declared === 'owner') return owns ? [] : [`ALTER DATABASE ${name} OWNER TO ${role}`];
  const back = owns && before === 'owner';
  return [
    ...(back ? [`ALTER DATABASE ${name} OWNER TO CURRENT_USER`] : []),
    ...(declared && (back || !found.connects) ? [`GRANT CONNECT ON DATABASE ${name} TO ${role}`] : []),
    ...(!declared && before && found.granted ? [`REVOKE CONNECT ON DATABASE ${name} FROM ${role}`] : []),
  ];
}

/**
 * Works as the admin in a database that an application makes the rules of. Where the admin may not connect, it gets
 * CONNECT for the moment of doing so: PostgreSQL looks at it then only.
 */
export async function inDatabase<T>(
  admin: Connection,
  name: string,
  limits: Limits,
  work: (there: Connection) => Promise<T>,
): Promise<T> {
  const open = () => connect({ ...admin.login, dbname: name }, 'grant', limits);
  const there = await open().catch(async error => {
    const found = await readDatabase(admin, name, admin.login.username);
    if (!lacksPrivilege(error) || !found) throw error;
    const [database, owner] = [identifier(name), [found.owner]];
    await asMember(admin, owner, () => admin.run([`GRANT CONNECT ON DATABASE ${database} TO CURRENT_USER`]));
    try {
      return await open();
    } finally {
      await asMember(admin, owner, () => admin.run([`REVOKE CONNECT ON DATABASE ${database} FROM CURRENT_USER`]));
    }
  });
  try {
    return await work(there);
  } finally {
    await there.close();
  }
}

interface Found {
  readonly owner: string;
  /** Whether the user may connect, for whatever reason. */
  readonly connects: boolean;
  /** Whether the user itself was granted that by the owner. */
  readonly granted: boolean;
}

async function readDatabase(admin: Connection, name: string, user: string): Promise<Found | undefined> {
  const [found] = await admin.query<Found>(
    `
    SELECT pg_catalog.pg_get_userbyid(d.datdba) AS owner, COALESCE(pg_catalog.has_database_privilege(u.oid, d.oid, 'CONNECT'), false) AS connects,
      EXISTS (
        SELECT FROM pg_catalog.aclexplode(d.datacl) AS g
        WHERE g.grantee OPERATOR(pg_catalog.=) u.oid AND g.grantor OPERATOR(pg_catalog.=) d.datdba AND g.privilege_type OPERATOR(pg_catalog.=) 'CONNECT'
      ) AS granted
    FROM pg_catalog.pg_database AS d LEFT JOIN pg_catalog.pg_roles AS u ON u.rolname OPERATOR(pg_catalog.=) $2::pg_catalog.name
    WHERE d.datname OPERATOR(pg_catalog.=) $1::pg_catalog.name`,
    [name, user],
  );
  return found;
}
