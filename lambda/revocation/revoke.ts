import { randomUUID } from 'node:crypto';
import { endAllSessions } from './end-all-sessions';
import { markVersions } from './mark-versions';
import { readSoundValue } from './sound-value';
import { loginsOf } from './whom-to-revoke';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode, REPLACEMENT_STAGE, StagingLabel } from '../../src/contract';
import { logInAsAdmin } from '../admin/admin-login';
import { bindingOf } from '../credential/binding';
import { isCarriedOver } from '../credential/carried-over-settings';
import { checkLogin } from '../credential/check-login';
import { parseVersion } from '../credential/parse-version';
import { generatePassword } from '../credential/password';
import { versionAt } from '../credential/version-stages';
import type { LoginDatabase } from '../ports/database';
import type { Deadline } from '../ports/deadline';
import type { ResetSetting } from '../ports/logins';
import type { SecretStore } from '../ports/secret-store';
import { log } from '../runtime/log';
import type { Settings } from '../runtime/settings';

/** The ports and settings of a revocation. */
export interface Ports {
  readonly store: SecretStore;
  readonly database: LoginDatabase;
  readonly deadline: Deadline;
  readonly settings: Settings;
}

/** The result of a revocation. */
export interface Revocation {
  readonly secretId: string;
  /** The logins that were disabled. */
  readonly logins: readonly string[];
  /** The user name of the new version. */
  readonly username: string;
  /** The id of the new version. */
  readonly versionId: string;
  readonly sessionsEnded: number;
  /** The settings that were reset. An operator may set them again after checking that they are legitimate. */
  readonly settings: readonly ResetSetting[];
}

const MOST_ATTEMPTS = 3;

/**
 * Revokes a leaked credential. First, no former password of the secret logs in any more; then all sessions are ended;
 * only then a new version becomes AWSCURRENT. It can be repeated at any time, also after a crash, and then starts from
 * the beginning.
 */
export async function revoke(secretId: string, ports: Ports): Promise<Revocation> {
  const reset: ResetSetting[] = [];
  for (let attempt = 1; ; attempt++) {
    const done = await tryRevoke(secretId, ports, reset);
    if (done) return done;
    if (attempt === MOST_ATTEMPTS) {
      throw new RotatingPostgresError(
        ErrorCode.NOT_PENDING,
        `${secretId}: other versions keep becoming current; revoke it again`,
      );
    }
    log.warn('another version became current in the meantime; it is revoked, too', { secretId });
  }
}

/** Returns undefined if another version has become AWSCURRENT in the meantime, which is not revoked yet. */
async function tryRevoke(secretId: string, ports: Ports, reset: ResetSetting[]): Promise<Revocation | undefined> {
  const { store, settings } = ports;
  const description = await store.describe(secretId);
  const { arn, tags } = description;
  const currentVersion = versionAt(StagingLabel.CURRENT, description);
  if (currentVersion === undefined) {
    throw new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${arn}: no version is AWSCURRENT`);
  }
  const binding = bindingOf(arn, tags, settings.servers);
  const { credential, fields } = await readSoundValue(store, description, binding);
  const { pair, username, adminSecret } = loginsOf(arn, credential, binding);

  await markVersions(store, description);
  const admin = await logInAsAdmin(ports, credential, adminSecret);
  try {
    const { logins, settings: found } = await admin.revokeLogins(pair, arn, announce);
    reset.push(...found);
    const sessionsEnded = await endAllSessions(admin, logins, ports.deadline);

    const versionId = randomUUID();
    const value = JSON.stringify({ ...fields, username, password: generatePassword(settings.passwords) });
    const replacement = parseVersion(value, arn, REPLACEMENT_STAGE).credential;
    await store.write({ secretId: arn, token: versionId, stage: REPLACEMENT_STAGE, value });
    await admin.setPassword({ arn, version: versionId }, username, replacement.password);
    await checkLogin(ports, replacement);

    if (versionAt(StagingLabel.CURRENT, await store.describe(arn)) !== currentVersion) return undefined;
    await store.makeCurrent(arn, versionId, currentVersion);
    log.info('the credential is revoked and a new version is current', {
      secretId: arn,
      logins,
      username,
      versionId,
      sessionsEnded,
    });
    return { secretId: arn, logins, username, versionId, sessionsEnded, settings: reset };
  } finally {
    await admin.close();
  }
}

/**
 * Logs the settings before they are reset. Values of settings outside the allow-list are omitted, because an
 * application may keep a secret there; only the function's response has them.
 */
function announce(settings: readonly ResetSetting[]): void {
  const told = settings.map(reset =>
    isCarriedOver(reset.setting) ? reset : { ...reset, setting: reset.setting.slice(0, reset.setting.indexOf('=')) },
  );
  if (told.length > 0) log.warn('the settings of the logins are reset', { settings: told });
}
