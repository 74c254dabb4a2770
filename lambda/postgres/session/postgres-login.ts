import type { LoginSession } from '../../ports/sessions';
import { type Connection, connectAsAdmin, type Limits } from '../connection';
import { changeOwnPassword } from '../sql/change-own-password';
import { transferOwnership } from '../sql/transfer-ownership';

/** The session of a login. */
export function loginSession(first: Connection, limits: Limits): LoginSession {
  let connection = first;
  const leave = async () => {
    await connection.close();
    connection = await connectAsAdmin(connection.login, limits);
    return connection;
  };
  return {
    changeOwnPassword: (...given) => changeOwnPassword(connection, leave, ...given),
    transferOwnership: (...given) => transferOwnership(connection, ...given),
    close: () => connection.close(),
  };
}
