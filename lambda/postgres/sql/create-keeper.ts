import { commentOn } from './fence-change';
import { COMMENT_ON_ROLE } from './role-expressions';
import { MAX_NAME_BYTES } from '../../../src/contract';
import type { Connection } from '../connection';
import { roleRefused } from '../role';
import { identifier, sql } from '../template/sql';

/** Names who keeps what a dropped user owned. */
const KEEPER_SUFFIX = '_kept';

/** The name of a role without any rights; undefined where none is needed and none was left by an earlier attempt. */
export async function createKeeper(admin: Connection, username: string, needed: boolean): Promise<string | undefined> {
  // a name that takes no second login may be as long as any
  const name = username.slice(0, MAX_NAME_BYTES - KEEPER_SUFFIX.length) + KEEPER_SUFFIX;
  const mark = `cdk-rotating-postgres: keeps what the dropped user ${username} owned`;
  const [found] = await admin.query<{ comment: string | null }>(READ_KEEPER, [name]);
  if (found?.comment === mark) return name;
  if (!needed) return undefined;
  if (found) {
    throw roleRefused(
      `the role "${name}", which was to keep what "${username}" owns, is somebody else's: rename it, or ` +
        'give away what is owned',
    );
  }
  await admin.run([sql`CREATE ROLE ${identifier(name)} NOLOGIN`, commentOn(name, mark)]);
  return name;
}

export const READ_KEEPER = sql`SELECT ${COMMENT_ON_ROLE} AS comment FROM pg_roles AS r WHERE r.rolname = $1::name`;
