import { bound } from './bound';
import type { DatabaseAdmin, LoginAdmin, UserAdmin } from '../../ports/sessions';
import { type Connection, connectAsAdminIn, type Limits } from '../connection';
import { createDatabase } from '../sql/create-database';
import { createIamLogin } from '../sql/create-iam-login';
import { createLogin } from '../sql/create-login';
import { dropUser } from '../sql/drop-user';
import { endSessions } from '../sql/end-sessions';
import { enterDatabase } from '../sql/enter-database';
import { grantAccess } from '../sql/grant-access';
import { grantDatabase } from '../sql/grant-database';
import { grantOwnerMembership } from '../sql/grant-owner-membership';
import { readIamLogin } from '../sql/read-iam-login';
import { queryRoles } from '../sql/read-roles';
import { readServer } from '../sql/read-server';
import { retireLogin } from '../sql/retire-login';
import { revokeLogins } from '../sql/revoke-logins';
import { setAlternatingPassword } from '../sql/set-alternating-password';
import { setPassword } from '../sql/set-single-password';
import { shareMemberships } from '../sql/share-memberships';

/** The admin session in the maintenance database. */
export function adminSession(connection: Connection, limits: Limits): LoginAdmin & UserAdmin {
  const enter = (database: string) =>
    enterDatabase(connection, database, () => connectAsAdminIn({ ...connection.login, dbname: database }, limits));
  return {
    ...bound(connection, {
      server: readServer,
      setAlternatingPassword,
      grantOwnerMembership,
      setPassword,
      shareMemberships,
      endSessions,
      retireLogin,
      revokeLogins,
      readLogins: queryRoles,
      readIamLogin,
      createDatabase,
      createLogin,
      createIamLogin,
      grantDatabase,
    }),
    dropUser: (username, logins) => dropUser(connection, enter, username, logins),
    enterDatabase: async database => databaseAdmin(await enter(database)),
  };
}

/** The admin session in an application's database. */
function databaseAdmin(connection: Connection): DatabaseAdmin {
  return bound(connection, { grantAccess });
}
