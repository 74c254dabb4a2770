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

/** What a revocation works with. */
export interface Ports {
  readonly store: SecretStore;
  readonly database: LoginDatabase;
  readonly deadline: Deadline;
  readonly settings: Settings;
}

/** What a revocation did. */
export interface Revocation {
  readonly secretId: string;
  /** The logins that were shut. */
  readonly logins: readonly string[];
  /** The login that the new version has. */
  readonly username: string;
  /** The new version. */
  readonly versionId: string;
  readonly sessionsEnded: number;
  /** What was reset and may have to be put back, once it is known to be right. */
  readonly settings: readonly ResetSetting[];
}

const MOST_ATTEMPTS = 3;

/**
 * Shuts a leaked credential out: no password that the secret ever had logs in any more, no session that one opened is
 * left, and only then a new version is current. Run again after a crash, or at any time, it does all of it anew.
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

/** Undefined where a version became current that is not yet revoked. */
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
    log.info('the credential is revoked, and a new one current', {
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
 * Said before anything is lost. An application may keep something secret in a setting of its own: only the answer has
 * the value of such a one.
 */
function announce(settings: readonly ResetSetting[]): void {
  const told = settings.map(reset =>
    isCarriedOver(reset.setting) ? reset : { ...reset, setting: reset.setting.slice(0, reset.setting.indexOf('=')) },
  );
  if (told.length > 0) log.warn('the settings of the logins are reset', { settings: told });
}
