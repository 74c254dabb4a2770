import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { loadSdk } from './sdk';
import { ErrorCode, type StagingLabel } from '../../../src/contract';
import { codeOf, RotatingPostgresError } from '../shared/errors';
import { type Credential, parseSecretValue } from '../shared/secret-value';
import { within } from '../shared/time';

/** One version of a secret. */
export interface SecretVersion {
  readonly versionId: string;
  readonly credential: Credential;
}

/** Timeouts of the client that this class creates. A slow request is retried and not waited for. */
const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };
/** Also limits retries and the lookup of AWS credentials, which the SDK's own timeouts do not cover. */
const READ_TIMEOUT_MILLIS = 5_000;

/** Reads the versions of a secret. Concurrent reads of one version share a single call. */
export class SecretReader {
  readonly #reads = new Map<StagingLabel, Promise<SecretVersion | undefined>>();
  #client?: SecretsManagerClient;

  constructor(
    readonly secretId: string,
    client?: SecretsManagerClient,
  ) {
    this.#client = client;
  }

  /**
   * The version with the label; `undefined` if there is none or it has no value yet.
   *
   * @throws with code `InvalidSecret` or `SecretsManager`; for AWSCURRENT also when there is none
   */
  read(stage: StagingLabel): Promise<SecretVersion | undefined> {
    let read = this.#reads.get(stage);
    if (!read) {
      read = this.#read(stage).finally(() => this.#reads.delete(stage));
      this.#reads.set(stage, read);
    }
    return read;
  }

  async #read(stage: StagingLabel): Promise<SecretVersion | undefined> {
    const sdk = await loadSdk();
    this.#client ??= new sdk.SecretsManagerClient({ region: regionOf(this.secretId), requestHandler: TIMEOUTS });
    const command = new sdk.GetSecretValueCommand({ SecretId: this.secretId, VersionStage: stage });
    try {
      const answer = await this.#answer(
        this.#client.send(command, { abortSignal: AbortSignal.timeout(READ_TIMEOUT_MILLIS) }),
      );
      return {
        versionId: answer.VersionId ?? '',
        credential: parseSecretValue(answer.SecretString, `secret ${this.secretId} (${stage})`),
      };
    } catch (error) {
      if (codeOf(error) === 'ResourceNotFoundException' && stage !== 'AWSCURRENT') return undefined;
      throw await this.#unreadable(stage, error);
    }
  }

  async #answer<T>(sent: Promise<T>): Promise<T> {
    const answer = await within(sent, performance.now() + READ_TIMEOUT_MILLIS);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  async #unreadable(stage: StagingLabel, cause: unknown): Promise<RotatingPostgresError> {
    if (cause instanceof RotatingPostgresError) return cause;
    const what = `cannot read ${stage} of secret ${this.secretId}`;
    // A parser's message quotes its input, which is the secret.
    if (codeOf(cause) === 'SyntaxError') {
      return new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `${what}: the answer is not JSON`);
    }
    const { message } = cause as Error;
    const reason = codeOf(cause) === 'AccessDeniedException' ? await this.#refusal(message) : codeOf(cause);
    return new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `${what}: ${reason}: ${message}`, { cause });
  }

  /**
   * For a denied secret, Secrets Manager names the denied action. For a denied key, it says only "Access to KMS is not
   * allowed", without the key.
   */
  async #refusal(message: string): Promise<string> {
    if (message.includes('secretsmanager:')) {
      return `refused: allow secretsmanager:GetSecretValue on ${this.secretId}, as grantRead() does`;
    }
    if (!message.includes('KMS')) return 'AccessDeniedException';
    const { DescribeSecretCommand } = await loadSdk();
    const described = this.#answer(
      this.#client!.send(new DescribeSecretCommand({ SecretId: this.secretId }), {
        abortSignal: AbortSignal.timeout(READ_TIMEOUT_MILLIS),
      }),
    );
    const key = await described.then(
      ({ KmsKeyId }) => KmsKeyId ?? 'aws/secretsmanager',
      () => 'of the secret',
    );
    return `its KMS key refuses: allow kms:Decrypt on the key ${key}, in the key's policy and in that of the role`;
  }
}

/**
 * The Region in a secret's ARN, in any partition; `undefined` for a name, for which the SDK's default Region applies.
 */
export function regionOf(secretId: string): string | undefined {
  return /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretId)?.[1];
}
