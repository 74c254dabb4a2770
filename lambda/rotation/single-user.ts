import type { Rotation, Strategy } from './rotation';
import { RotatingPostgresError } from '../../client/src/errors';
import { type Credential, parseSecretValue } from '../../client/src/secret-value';
import { ErrorCode } from '../../src/contract';
import { isRefusedLogin } from '../errors';
import { log } from '../log';
import type { Session } from '../ports/database';

/** The login changes its own password. Until AWSCURRENT moves, AWSPENDING is what logs in. */
export const singleUser: Strategy = {
  nextUsername: current => current.username,

  async activate(rotation, current, pending) {
    const session = await logIn(rotation, current, pending);
    if (session === 'done') return;
    try {
      await session.changeOwnPassword(pending.username, pending.password);
    } finally {
      await session.close();
    }
  },
};

/**
 * Logs in with the current password. Where that is refused, an earlier attempt may have got as far as the database: then the
 * pending one logs in, and there is nothing left to do. Or its version lost its label since, or the database is back from a
 * snapshot: then the password is one of the older versions, which stay readable by their ids.
 */
async function logIn(rotation: Rotation, current: Credential, pending: Credential): Promise<Session | 'done'> {
  const session = await tryLogin(rotation, current);
  if (session) return session;
  const finished = await tryLogin(rotation, pending);
  if (finished) {
    await finished.close();
    return 'done';
  }
  for await (const older of olderCredentials(rotation, current)) {
    const found = await tryLogin(rotation, older);
    if (found) {
      log.warn('neither AWSCURRENT nor AWSPENDING logged in, an older version did', { secretId: rotation.secretId });
      return found;
    }
  }
  throw new RotatingPostgresError(ErrorCode.AUTHENTICATION,
    `${rotation.secretId}: no version of the secret logs in as "${current.username}" at ${current.host}:${current.port}`);
}

/** A session, or undefined where the server refused this credential. Any other failure says nothing about the password. */
async function tryLogin({ database }: Rotation, credential: Credential): Promise<Session | undefined> {
  try {
    return await database.open(credential, 'change-own-password');
  } catch (error) {
    if (isRefusedLogin(error)) return undefined;
    throw error;
  }
}

/** The other passwords of this login at this server, newest first. A version that cannot be read as one is passed over. */
async function* olderCredentials({ store, secretId, token, currentVersion }: Rotation, current: Credential): AsyncGenerator<Credential> {
  for (const versionId of await store.versionIds(secretId)) {
    if (versionId === token || versionId === currentVersion) continue;
    const value = await store.read(secretId, { versionId });
    try {
      const { password, username } = parseSecretValue(value, `${secretId} version ${versionId}`);
      if (username === current.username) yield { ...current, password };
    } catch (error) {
      log.warn('an older version of the secret cannot be used', { secretId, versionId, error: (error as Error).message });
    }
  }
}
