import { armLogin } from './alternating';
import type { Connection } from './connection';
import { fenced, lockOf } from './fence';
import { formatComment } from './role-mark';
import { MEMBERSHIP_OPTIONS_SINCE, readRoles, roleRefused } from './roles';
import { identifier, literal } from './sql';
import type { Credential } from '../../client/src/secret-value';
import type { DatabaseUserProperties } from '../../src/contract';
import type { Pair, SecretVersion } from '../ports/database';

/**
 * Creates the login, or takes over one that this secret's credential logs in to. Its password is only set where the
 * credential does not log in, so that an update leaves a rotated login alone.
 */
export async function provideLogin(
  admin: Connection, secret: SecretVersion, pair: Pair, credential: Credential, logsIn: () => Promise<boolean>,
): Promise<void> {
  const { arn, version } = secret;
  const { owner, alternate } = await readRoles(admin, pair, arn);
  const name = identifier(pair.owner);
  if (!owner) {
    await admin.run([`CREATE ROLE ${name} LOGIN`, `COMMENT ON ROLE ${name} IS ${literal(formatComment('', { secretArn: arn }))}`]);
  } else if (await logsIn()) {
    const current = credential.username === pair.alternate ? alternate : owner;
    if (!owner.mark && current !== owner) await admin.run(fenced(owner, [lockOf(owner)], { secretArn: arn }));
    const marked = current?.mark?.version === version;
    if (current && !marked) await admin.run(fenced(current, [lockOf(current)], { ...current.mark, secretArn: arn, version }));
    return;
  } else if (!owner.mark) {
    throw roleRefused(`the role ${name} exists already and ${arn} does not log in to it: choose another user name, or drop the role`);
  }
  await armLogin(admin, pair, secret, credential.username, credential.password);
}

/** Creates the database if it is not there, and gives the user its privileges on it. */
export async function provideDatabase(admin: Connection, { database, username, privileges }: DatabaseUserProperties): Promise<void> {
  const name = identifier(database);
  let found = await readDatabase(admin, database, username);
  if (!found) {
    await admin.run([`CREATE DATABASE ${name}`]); // alone: it cannot be part of a transaction
    found = await readDatabase(admin, database, username);
  }
  if (!found) throw roleRefused(`the database ${name} was dropped while its user was being created`);
  const user = identifier(username);
  const owns = found.owner === username;
  if (privileges === 'owner' && !owns) {
    await admin.run(asMember(user, found, `ALTER DATABASE ${name} OWNER TO ${user}`));
  }
  if (privileges === 'connect') {
    await admin.run([
      ...owns ? asMember(user, found, `ALTER DATABASE ${name} OWNER TO CURRENT_USER`) : [],
      ...found.connects ? [] : [`GRANT CONNECT ON DATABASE ${name} TO ${user}`],
    ]);
  }
}

/** To give a database to a role, or take it from one, the admin has to be its member: for this one transaction. */
function asMember(role: string, { version }: Found, statement: string): string[] {
  const options = version >= MEMBERSHIP_OPTIONS_SINCE ? ' WITH INHERIT TRUE, SET TRUE' : '';
  return [`GRANT ${role} TO CURRENT_USER${options}`, statement, `REVOKE ${role} FROM CURRENT_USER`];
}

interface Found {
  readonly owner: string;
  readonly connects: boolean;
  readonly version: number;
}

async function readDatabase(admin: Connection, database: string, username: string): Promise<Found | undefined> {
  const [found] = await admin.query<Found>(`
    SELECT pg_catalog.pg_get_userbyid(d.datdba) AS owner, pg_catalog.has_database_privilege($2::pg_catalog.name, d.oid, 'CONNECT') AS connects,
      pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version
    FROM pg_catalog.pg_database AS d
    WHERE d.datname OPERATOR(pg_catalog.=) $1::pg_catalog.name`, [database, username]);
  return found;
}
