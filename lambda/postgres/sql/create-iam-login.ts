import { commentOn } from './fence-change';
import { readIamLogin } from './read-iam-login';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { ErrorCode } from '../../../src/contract';
import type { IamLogin } from '../../ports/logins';
import type { Connection } from '../connection';
import { retried } from '../retry-overtaken';
import { IAM_GROUP, roleRefused } from '../role';
import { commentOfMaker, parseComment } from '../role-mark';
import { quoteIdentifier } from '../template/quote';
import { identifier, sql } from '../template/sql';

/**
 * Creates a login without a password, which RDS authenticates through IAM.
 *
 * @param maker the resource that the login belongs to
 * @throws with code `Role` when the role belongs to another resource or secret, or may have a password, which stops
 *   working for members of `rds_iam`; with code `Configuration` when the server has no role `rds_iam`
 */
export async function createIamLogin(admin: Connection, username: string, maker: string): Promise<void> {
  await retried(admin, async () => {
    const [{ available }] = await admin.query<{ available: boolean }>(READ_IAM_GROUP, [IAM_GROUP]);
    if (!available) {
      throw new RotatingPostgresError(
        ErrorCode.CONFIGURATION,
        `the server ${admin.login.host}:${admin.login.port} has no role "${IAM_GROUP}": ` +
          'switch IAM database authentication on, which Amazon RDS and Aurora have, and deploy again',
      );
    }
    const login = await readIamLogin(admin, username);
    if (login) checkIamLogin(username, login, maker);
    const [verb, name] = [login ? sql`ALTER` : sql`CREATE`, identifier(username)];
    await admin.run([
      ...(login?.logsIn ? [] : [sql`${verb} ROLE ${name} LOGIN`]),
      ...(login?.maker === maker ? [] : [commentOn(username, commentOfMaker(login?.comment ?? null, maker))]),
      ...(login?.member ? [] : [sql`GRANT ${identifier(IAM_GROUP)} TO ${name}`]),
    ]);
  });
}

export const READ_IAM_GROUP = sql`SELECT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = $1::name) AS available`;

function checkIamLogin(username: string, { forbidden, maker, comment, member }: IamLogin, expected: string): void {
  if (forbidden) throw roleRefused(`"${username}" ${forbidden}, so it must not log in through IAM`);
  const { mark } = parseComment(comment);
  if (mark) {
    throw roleRefused(
      `the role "${username}" has its password in ${mark.secretArn}, and RDS refuses the password of an IAM user: ` +
        'choose another user name',
    );
  }
  if (maker !== undefined && maker !== expected) {
    throw roleRefused(
      `the role "${username}" belongs to another resource, ${maker}: choose another user name, or, if ` +
        'that resource is gone, ' +
        `run COMMENT ON ROLE ${quoteIdentifier(username)} IS NULL`,
    );
  }
  if (maker === undefined && !member) {
    throw roleRefused(
      `the role "${username}" exists already and may have a password, and RDS refuses the password of an IAM user: ` +
        'choose another user name, ' +
        `or run GRANT ${IAM_GROUP} TO ${quoteIdentifier(username)} if it has none`,
    );
  }
}
