import { type SecretCredentials, type SecretCredentialsOptions, secretCredentials } from './credentials';
import { Env, ErrorCode } from '../../../src/contract';
import { RotatingPostgresError } from '../shared/errors';

/** A connection string, for local development: no secret, no call to AWS. */
export interface ConnectionString {
  readonly connectionString: string;
}

/**
 * Where logins come from: what the program says, else the environment's connection string, else the environment's
 * secret.
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
