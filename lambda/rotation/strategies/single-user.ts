import { pendingVersion } from './pending-version';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import { type Credential, parseSecretValue } from '../../../client/src/shared/secret-value';
import { BindingTag, ErrorCode } from '../../../src/contract';
import { logInAsAdmin } from '../../admin/admin-login';
import { isRefusedLogin, lacksPrivilege } from '../../ports/error-predicates';
import type { LoginSession } from '../../ports/sessions';
import { log } from '../../runtime/log';
import type { Rotation, Strategy } from '../state/rotation';

/** The login changes its own password. From then until `finishSecret` moves AWSCURRENT, only AWSPENDING logs in. */
export const singleUser: Strategy = {
  nextUsername: current => current.username,

  async activate(rotation, current, pending) {
    const login = await logIn(rotation, current, pending);
    if (login === 'done') return;
    if (login === undefined) {
      log.warn('no version of the secret logs in; the password is changed as the admin', {
        secretId: rotation.secretId,
      });
      return changeAsAdmin(
        rotation,
        pending,
        new RotatingPostgresError(
          ErrorCode.AUTHENTICATION,
          `${rotation.secretId}: no version of the secret logs in as "${current.username}" at ` +
            `${current.host}:${current.port}`,
        ),
      );
    }
    const { session, credential } = login;
    const secret = { arn: rotation.secretId, application: rotation.binding.adminSecret !== undefined };
    try {
      await session.changeOwnPassword(pending.username, pending.password, secret);
    } catch (error) {
      if (!lacksPrivilege(error)) throw error;
      // With `rds.restrict_password_commands`, only members of `rds_password` may change passwords. The admin is a
      // member.
      await changeAsAdmin(rotation, pending, error, credential);
    } finally {
      await session.close();
    }
  },
};

/**
 * Changes the password as the admin, if a tag binds the secret to an admin secret. The secret's value cannot name the
 * admin secret, because `masterarn` makes the users alternate.
 *
 * @param why the error to throw when there is no admin secret
 * @param witness a credential that logs in
 */
async function changeAsAdmin(
  rotation: Rotation,
  pending: Credential,
  why: unknown,
  witness?: Credential,
): Promise<void> {
  const { adminSecret } = rotation.binding;
  if (adminSecret === undefined) throw withAdvice(why, rotation);
  const admin = await logInAsAdmin(rotation, pending, adminSecret, witness);
  try {
    await admin.setPassword(pendingVersion(rotation), pending.username, pending.password);
  } finally {
    await admin.close();
  }
}

function withAdvice(why: unknown, { secretId }: Rotation): unknown {
  if (!(why instanceof RotatingPostgresError)) return why;
  return new RotatingPostgresError(
    why.code,
    `${why.message}. The admin can change it: put the ARN of the admin's secret into the tag ` +
      `${BindingTag.ADMIN_SECRET} of ${secretId}, and let the function read that secret`,
    { cause: why },
  );
}

interface Login {
  readonly session: LoginSession;
  readonly credential: Credential;
}

/**
 * Logs in with the current password. If the server refuses it, there are three causes. An earlier attempt may have
 * changed the password: then the pending credential logs in, and nothing is left to do. The version with the password
 * may have lost its label, or the database may have been restored from a snapshot: then the password is that of an
 * older version, which stays readable by its id.
 */
async function logIn(
  rotation: Rotation,
  current: Credential,
  pending: Credential,
): Promise<Login | 'done' | undefined> {
  const session = await tryLogin(rotation, current);
  if (session) return { session, credential: current };
  const finished = await tryLogin(rotation, pending);
  if (finished) {
    await finished.close();
    return 'done';
  }
  for await (const older of olderCredentials(rotation, current)) {
    const found = await tryLogin(rotation, older);
    if (found) {
      log.warn('neither AWSCURRENT nor AWSPENDING logged in, an older version did', { secretId: rotation.secretId });
      return { session: found, credential: older };
    }
  }
  return undefined;
}

/**
 * Opens a session; undefined where the server refused the credential. Any other error is thrown, because it says
 * nothing about the password.
 */
async function tryLogin({ database }: Rotation, credential: Credential): Promise<LoginSession | undefined> {
  try {
    return await database.openAsLogin(credential);
  } catch (error) {
    if (isRefusedLogin(error)) return undefined;
    throw error;
  }
}

/** The passwords of this login in older versions, newest first. A version that cannot be parsed is skipped. */
async function* olderCredentials(rotation: Rotation, current: Credential): AsyncGenerator<Credential> {
  const { store, secretId, token, currentVersion } = rotation;
  const versionIds = await store.versionIds(secretId);
  // The list may include the version of a later rotation or of a revocation, which this rotation must not undo.
  await pendingVersion(rotation).confirm();
  for (const versionId of versionIds) {
    if (versionId === token || versionId === currentVersion) continue;
    const value = await store.read(secretId, { versionId });
    try {
      const { password, username } = parseSecretValue(value, `${secretId} version ${versionId}`);
      if (username === current.username) yield { ...current, password };
    } catch (error) {
      log.warn('an older version of the secret cannot be used', {
        secretId,
        versionId,
        error: (error as Error).message,
      });
    }
  }
}
