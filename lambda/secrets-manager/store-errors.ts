import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager';
import { codeOf, RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';

/**
 * Converts an error of the SDK. Only messages of the service are passed on: a message of the SDK's parser would quote
 * the response, which contains the secret.
 */
export function secretsManagerError(cause: unknown, call: string): RotatingPostgresError {
  const { name, message } = cause as Error;
  if (cause instanceof SecretsManagerServiceException) {
    return new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `${call} was refused: ${name}: ${message}`, { cause });
  }
  if (name === 'SyntaxError') {
    return new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `${call} had an answer that is not JSON`);
  }
  return new RotatingPostgresError(
    ErrorCode.SECRETS_MANAGER_UNREACHABLE,
    `${call} had no answer: ${codeOf(cause) ?? name}`,
    { cause },
  );
}
