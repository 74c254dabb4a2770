import type { Connection } from './connection';
import { changeOwnPassword } from './sql/change-own-password';
import { endSessions } from './sql/end-sessions';
import { grantOwnerMembership } from './sql/grant-owner-membership';
import { readIdentity } from './sql/read-identity';
import { readServer } from './sql/read-server';
import { retireLogin } from './sql/retire-login';
import { revokeLogins } from './sql/revoke-logins';
import { setAlternatingPassword } from './sql/set-alternating-password';
import { setPassword } from './sql/set-single-password';
import { shareMemberships } from './sql/share-memberships';
import { transferOwnership } from './sql/transfer-ownership';
import type { Session } from '../ports/database';

/** @param elsewhere opens another session of the same login, where no application makes the rules */
export function postgresSession(connection: Connection, elsewhere: () => Promise<Connection>): Session {
  const leave = async () => {
    await connection.close();
    return (connection = await elsewhere());
  };
  return {
    identity: () => readIdentity(connection),
    server: () => readServer(connection),
    changeOwnPassword: (...given) => changeOwnPassword(connection, leave, ...given),
    setAlternatingPassword: (...given) => setAlternatingPassword(connection, ...given),
    grantOwnerMembership: pair => grantOwnerMembership(connection, pair),
    shareMemberships: (...given) => shareMemberships(connection, ...given),
    transferOwnership: (...given) => transferOwnership(connection, ...given),
    setPassword: (...given) => setPassword(connection, ...given),
    endSessions: username => endSessions(connection, username),
    retireLogin: (...given) => retireLogin(connection, ...given),
    revokeLogins: (...given) => revokeLogins(connection, ...given),
    close: () => connection.close(),
  };
}
