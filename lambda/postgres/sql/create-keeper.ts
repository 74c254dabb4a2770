import { commentOn } from './fence-change';
import { COMMENT_ON_ROLE } from './role-expressions';
import { MAX_NAME_BYTES } from '../../../src/contract';
import type { Connection } from '../connection';
import { roleRefused } from '../role';
import { identifier, sql } from '../template/sql';

/** The suffix of the role that receives the objects of a dropped user. */
const KEEPER_SUFFIX = '_kept';

/**
 * Creates the NOLOGIN role `<user>_kept`, which has no rights and receives the objects of a dropped user. Returns its
 * name; undefined if it is not needed and no earlier attempt created it.
 */
export async function createKeeper(admin: Connection, username: string, needed: boolean): Promise<string | undefined> {
  // an IAM user has no alternate, so that its name may use all 63 bytes
  const name = username.slice(0, MAX_NAME_BYTES - KEEPER_SUFFIX.length) + KEEPER_SUFFIX;
  const mark = `cdk-rotating-postgres: keeps what the dropped user ${username} owned`;
  const [found] = await admin.query<{ comment: string | null }>(READ_KEEPER, [name]);
  if (found?.comment === mark) return name;
  if (!needed) return undefined;
  if (found) {
    throw roleRefused(
      `the role "${name}" exists and was not created by this library, so it cannot receive the objects of ` +
        `"${username}": rename the role, or reassign the objects`,
    );
  }
  await admin.run([sql`CREATE ROLE ${identifier(name)} NOLOGIN`, commentOn(name, mark)]);
  return name;
}

export const READ_KEEPER = sql`SELECT ${COMMENT_ON_ROLE} AS comment FROM pg_roles AS r WHERE r.rolname = $1::name`;
