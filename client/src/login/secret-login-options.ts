import type { LoginOptions } from './login';
import type { Place } from './rotating-client';
import type { SecretCredentialsOptions } from '../secret/credentials';
import type { Logger } from '../telemetry/logger';

/** The secret to log in with, and the endpoint to log in to. */
export interface SecretLoginOptions extends Place, SecretCredentialsOptions, LoginOptions {
  /**
   * ARN or name of the secret.
   * @default - the environment variable DATABASE_URL (a connection string), otherwise ROTATING_POSTGRES_SECRET_ARN
   */
  readonly secretId?: string;
  /**
   * Logger for warnings and errors.
   * @default - the console: Secrets Manager cannot be read, every version of the secret is refused (attempts continue,
   * and recover as soon as a version is accepted), a connection string without verified TLS
   */
  readonly logger?: Logger;
}
