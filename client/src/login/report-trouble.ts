import type { Login } from './login';
import type { SecretCredentials } from '../secret/credentials';
import type { Logger } from '../telemetry/logger';

/** Says when a secret cannot be read again, and when no login is accepted any more; returns what ends the former. */
export function reportTrouble(source: SecretCredentials, login: Login, logger: Logger): () => void {
  const { secretId } = source;
  const refreshFailed = (error: Error) => {
    if (source.latest) logger.warn(`what was read before is used on: ${error.message}`, { secretId });
  };
  source.on('refreshFailed', refreshFailed);
  login.onGivenUp = error => logger.error(error.message, { secretId });
  return () => source.off('refreshFailed', refreshFailed);
}
