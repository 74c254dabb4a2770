import { type SecretCredentials, type SecretCredentialsOptions, secretCredentials } from './credentials';
import { Env, ErrorCode } from '../../../src/contract';
import { RotatingPostgresError } from '../shared/errors';

/** A connection string, for local development without a secret and without AWS calls. */
export interface ConnectionString {
  readonly connectionString: string;
}

/**
 * The source of credentials: the program's `secretId`, otherwise DATABASE_URL, otherwise ROTATING_POSTGRES_SECRET_ARN.
 *
 * @throws with code `Configuration` when there is none of them
 */
export function credentialSource(
  secretId?: string,
  options?: SecretCredentialsOptions,
): SecretCredentials | ConnectionString {
  const { [Env.DATABASE_URL]: connectionString, [Env.SECRET_ARN]: secretArn } = process.env;
  if (secretId) return secretCredentials(secretId, options);
  if (connectionString) return { connectionString };
  if (secretArn) return secretCredentials(secretArn, options);
  throw new RotatingPostgresError(
    ErrorCode.CONFIGURATION,
    `set ${Env.SECRET_ARN} to the ARN of the secret, or for local development ${Env.DATABASE_URL} to a ` +
      'connection string, or pass "secretId"',
  );
}
