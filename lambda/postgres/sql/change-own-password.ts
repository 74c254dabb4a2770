import { COMMENT_ON_ROLE, MORE_THAN_AN_APPLICATION } from './role-expressions';
import { scramVerifier } from '../../credential/scram';
import type { OwningSecret } from '../../ports/database';
import type { Connection } from '../connection';
import { checkRole } from '../role';
import { parseComment } from '../role-mark';
import { identifier, literal, sql } from '../template/sql';

interface OwnRole {
  /** Whether the login may change other roles. */
  readonly admin: boolean;
  readonly forbidden: string | null;
  readonly comment: string | null;
}

/**
 * Changes the password of the login itself.
 *
 * @param leave gives a session of the same login in which no application makes the rules, for one who may change roles
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
