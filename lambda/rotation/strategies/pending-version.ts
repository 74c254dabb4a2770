import type { SecretVersion } from '../../ports/logins';
import { checkDue } from '../state/check-due';
import type { Rotation } from '../state/rotation';

/** The version that this rotation creates, for the login that gets its password. */
export function pendingVersion({
  store,
  secretId,
  token,
  functionArn,
  previousVersion,
}: Rotation): SecretVersion & Required<Pick<SecretVersion, 'confirm'>> {
  return {
    arn: secretId,
    version: token,
    replaces: previousVersion,
    async confirm() {
      checkDue({ secretId, token }, await store.describe(secretId), functionArn);
    },
  };
}
