import { COMMENT_ON_ROLE, MORE_THAN_AN_APPLICATION } from './role-expressions';
import { scramVerifier } from '../../credential/scram';
import type { OwningSecret } from '../../ports/logins';
import type { Connection } from '../connection';
import { checkRole } from '../role';
import { parseComment } from '../role-mark';
import { identifier, literal, sql } from '../template/sql';

interface OwnRole {
  /** Whether the login is a superuser or has CREATEROLE. */
  readonly admin: boolean;
  readonly forbidden: string | null;
  readonly comment: string | null;
}

/**
 * Changes the login's own password.
 *
 * @param leave opens a session of the same login in the maintenance database. A login that may change roles uses it,
 *   because an application controls its own database.
 */
export async function changeOwnPassword(
  login: Connection,
  leave: () => Promise<Connection>,
  username: string,
  password: string,
  { arn, application }: OwningSecret,
): Promise<void> {
  const [[{ admin, forbidden, comment }], verifier] = await Promise.all([
    login.query<OwnRole>(application ? READ_OWN_ROLE_OF_APPLICATION : READ_OWN_ROLE),
    scramVerifier(password, login.scramIterations),
  ]);
  checkRole({ name: username, forbidden, mark: parseComment(comment).mark }, arn);
  const session = admin ? await leave() : login;
  await session.run([sql`ALTER ROLE ${identifier(username)} PASSWORD ${literal(verifier)}`]);
}

export const READ_OWN_ROLE = sql`
  SELECT r.rolsuper OR r.rolcreaterole AS admin, NULL AS forbidden, ${COMMENT_ON_ROLE} AS comment
  FROM pg_roles AS r WHERE r.rolname = SESSION_USER`;

export const READ_OWN_ROLE_OF_APPLICATION = sql`
  SELECT r.rolsuper OR r.rolcreaterole AS admin, CASE ${MORE_THAN_AN_APPLICATION} END AS forbidden,
    ${COMMENT_ON_ROLE} AS comment
  FROM pg_roles AS r WHERE r.rolname = SESSION_USER`;
