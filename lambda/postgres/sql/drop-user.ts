import { asMember } from './become-member';
import { createKeeper } from './create-keeper';
import { dropOwned } from './drop-owned';
import { endSessions } from './end-sessions';
import { WITHOUT_OWNERSHIP } from './role-expressions';
import { log } from '../../runtime/log';
import type { Connection } from '../connection';
import { identifier, list, sql } from '../template/sql';

/**
 * Drops the logins of a user from the whole server. Their objects in a database pass to the NOLOGIN role `<user>_kept`;
 * databases that they own pass to the admin. Nothing is deleted. Each database is a transaction of its own and the
 * roles are dropped last, so that a repeated call completes a partial drop.
 *
 * The admin does not receive the objects: a user's function, or the expression of an index, would run with the admin's
 * rights.
 *
 * @param enter connects the admin to a database
 */
export async function dropUser(
  admin: Connection,
  enter: (database: string) => Promise<Connection>,
  username: string,
  logins: readonly string[],
): Promise<void> {
  await admin.run(logins.map(login => sql`ALTER ROLE ${identifier(login)} NOLOGIN`));
  for (const login of logins) await endSessions(admin, login);

  const holdings = await admin.query<Holding>(READ_HOLDINGS, [logins]);
  const keeper = await createKeeper(
    admin,
    username,
    holdings.some(({ owns }) => owns),
  );
  for (const { database, owns } of holdings) {
    const there = await enter(database);
    try {
      await dropOwned(there, logins, owns ? keeper : undefined);
    } finally {
      await there.close();
    }
  }
  await takeBackDatabases(admin, [...logins, ...(keeper === undefined ? [] : [keeper])]);
  await dropOwned(admin, logins); // server-wide grants
  await admin.run([sql`DROP ROLE ${list(logins.map(identifier))}`]);
  log.info('the user is dropped', { logins, databases: holdings.map(({ database }) => database), keeper });
}

async function takeBackDatabases(admin: Connection, owners: readonly string[]): Promise<void> {
  const owned = await admin.query<{ name: string; owner: string }>(READ_OWNED_DATABASES, [owners]);
  await asMember(
    admin,
    owned.map(({ owner }) => owner),
    () => admin.run(owned.map(({ name }) => sql`ALTER DATABASE ${identifier(name)} OWNER TO CURRENT_USER`)),
  );
}

interface Holding {
  readonly database: string;
  /** Whether the logins own an object there whose owner can be changed. */
  readonly owns: boolean;
}

/** The databases in which the roles own objects or are named in grants or policies. */
export const READ_HOLDINGS = sql`
  SELECT d.datname AS database, bool_or(s.deptype = 'o' AND s.classid <> ALL (${WITHOUT_OWNERSHIP})) AS owns
  FROM pg_shdepend AS s JOIN pg_database AS d ON d.oid = s.dbid
    JOIN pg_roles AS r ON r.oid = s.refobjid
  WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass::oid
    AND r.rolname = ANY ($1::name[])
  GROUP BY 1 ORDER BY 1`;

export const READ_OWNED_DATABASES = sql`
  SELECT d.datname AS name, r.rolname AS owner
  FROM pg_database AS d JOIN pg_roles AS r ON r.oid = d.datdba
  WHERE r.rolname = ANY ($1::name[])`;
