import type { Login } from './login';
import type { SecretCredentials } from '../secret/credentials';
import type { Logger } from '../telemetry/logger';

/**
 * Logs when a secret cannot be refreshed, and when every version is refused. Returns a function that stops the former.
 */
export function reportTrouble(source: SecretCredentials, login: Login, logger: Logger): () => void {
  const { secretId } = source;
  const refreshFailed = (error: Error) => {
    if (source.latest) logger.warn(`the value that was read last stays in use: ${error.message}`, { secretId });
  };
  source.on('refreshFailed', refreshFailed);
  login.onGivenUp = error => logger.error(error.message, { secretId });
  return () => source.off('refreshFailed', refreshFailed);
}
