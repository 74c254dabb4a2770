import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { ErrorCode } from '../../../src/contract';
import type { Connection } from '../connection';
import { retried } from '../fence';
import { parseComment } from '../role-mark';
import { COMMENT_ON_ROLE, IAM_GROUP, MORE_THAN_AN_IAM_LOGIN, roleRefused } from '../roles';
import { identifier, literal } from '../sql';

/** What the catalogue says of a login without a password. */
export interface IamLogin {
  /** Why it may not be one; null where it may. */
  readonly forbidden: string | null;
  /** Which resource made it, as its comment says. */
  readonly maker?: string;
  readonly comment: string | null;
  readonly logsIn: boolean;
  /** Whether RDS lets it in by IAM. */
  readonly member: boolean;
}

/**
 * Creates a login without a password, which RDS lets in by IAM.
 *
 * @param maker the resource that it belongs to
 * @throws with code `Role` when the role is another's or may have a password, which IAM would put out of use; with code
 *   `Configuration` when the server knows no logins by IAM
 */
export async function provideIamLogin(admin: Connection, username: string, maker: string): Promise<void> {
  await retried(admin, async () => {
    const [{ available }] = await admin.query<{ available: boolean }>(
      'SELECT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) ' +
        '$1::pg_catalog.name) AS available',
      [IAM_GROUP],
    );
    if (!available) {
      throw new RotatingPostgresError(
        ErrorCode.CONFIGURATION,
        `the server ${admin.login.host}:${admin.login.port} has no role "${IAM_GROUP}": ` +
          'switch IAM database authentication on, which Amazon RDS and Aurora have, and deploy again',
      );
    }
    const login = await readIamLogin(admin, username);
    if (login) checkIamLogin(username, login, maker);
    const name = identifier(username);
    await admin.run([
      ...(login?.logsIn ? [] : [`${login ? 'ALTER' : 'CREATE'} ROLE ${name} LOGIN`]),
      ...(login?.maker === maker
        ? []
        : [`COMMENT ON ROLE ${name} IS ${literal(commented(login?.comment ?? null, maker))}`]),
      ...(login?.member ? [] : [`GRANT ${identifier(IAM_GROUP)} TO ${name}`]),
    ]);
  });
}

function checkIamLogin(username: string, { forbidden, maker, comment, member }: IamLogin, expected: string): void {
  if (forbidden) throw roleRefused(`"${username}" ${forbidden}, so it must not log in through IAM`);
  const { mark } = parseComment(comment);
  if (mark) {
    throw roleRefused(
      `the role "${username}" has its password in ${mark.secretArn}, which IAM would put out of use: ` +
        'choose another user name',
    );
  }
  if (maker !== undefined && maker !== expected) {
    throw roleRefused(
      `the role "${username}" belongs to another resource, ${maker}: choose another user name, or, if ` +
        'that resource is gone, ' +
        `run COMMENT ON ROLE ${identifier(username)} IS NULL`,
    );
  }
  if (maker === undefined && !member) {
    throw roleRefused(
      `the role "${username}" exists already and may have a password, which IAM would put out of use: ` +
        'choose another user name, ' +
        `or run GRANT ${IAM_GROUP} TO ${identifier(username)} if it has none`,
    );
  }
}

/** The login, if it exists. */
export async function readIamLogin(admin: Connection, username: string): Promise<IamLogin | undefined> {
  const [login] = await admin.query<Omit<IamLogin, 'maker'>>(
    `
    SELECT CASE
        WHEN r.rolname OPERATOR(pg_catalog.=) SESSION_USER THEN 'is the admin'
        ${MORE_THAN_AN_IAM_LOGIN}
      END AS forbidden,
      ${COMMENT_ON_ROLE} AS comment, r.rolcanlogin AS "logsIn",
      EXISTS (
        SELECT FROM pg_catalog.pg_roles AS g
        WHERE g.rolname OPERATOR(pg_catalog.=) $2::pg_catalog.name AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')
      ) AS member
    FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name`,
    [username, IAM_GROUP],
  );
  return login && { ...login, maker: makerIn(login.comment) };
}

const BEGINNING = 'cdk-rotating-postgres: logs in through IAM, made by ';

function makerIn(comment: string | null): string | undefined {
  return comment
    ?.split('\n')
    .find(line => line.startsWith(BEGINNING))
    ?.slice(BEGINNING.length);
}

/** Leaves what somebody else wrote where it is. */
function commented(comment: string | null, maker: string): string {
  return [...(comment ? [comment] : []), BEGINNING + maker].join('\n');
}
