import { COMMENT_ON_ROLE, MORE_THAN_AN_IAM_LOGIN } from './role-expressions';
import type { IamLogin } from '../../ports/logins';
import type { Connection } from '../connection';
import { IAM_GROUP } from '../role';
import { makerIn } from '../role-mark';
import { sql } from '../template/sql';

/** Reads a login without a password; undefined if it does not exist. */
export async function readIamLogin(admin: Connection, username: string): Promise<IamLogin | undefined> {
  const [login] = await admin.query<Omit<IamLogin, 'maker'>>(READ_IAM_LOGIN, [username, IAM_GROUP]);
  return login && { ...login, maker: makerIn(login.comment) };
}

export const READ_IAM_LOGIN = sql`
  SELECT CASE
      WHEN r.rolname = SESSION_USER THEN 'is the admin'
      ${MORE_THAN_AN_IAM_LOGIN}
    END AS forbidden,
    ${COMMENT_ON_ROLE} AS comment, r.rolcanlogin AS "logsIn",
    EXISTS (SELECT FROM pg_roles AS g WHERE g.rolname = $2::name AND pg_has_role(r.oid, g.oid, 'MEMBER')) AS member
  FROM pg_roles AS r WHERE r.rolname = $1::name`;
