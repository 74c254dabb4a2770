import type { LoginOptions } from './login';
import type { Place } from './rotating-client';
import type { SecretCredentialsOptions } from '../secret/credentials';
import type { Logger } from '../telemetry/logger';

/** Which secret logs in, and where. */
export interface SecretLoginOptions extends Place, SecretCredentialsOptions, LoginOptions {
  /**
   * ARN or name of the secret.
   * @default - the environment: DATABASE_URL, else ROTATING_POSTGRES_SECRET_ARN
   */
  readonly secretId?: string;
  /**
   * Where to log.
   * @default - warnings and errors to the console: an outage of Secrets Manager, a credential that is refused for good,
   * weak TLS
   */
  readonly logger?: Logger;
}
