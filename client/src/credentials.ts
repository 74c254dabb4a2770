import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { codeOf, RotatingPostgresError } from './errors';
import { loadSdk } from './sdk';
import { type Credential, parseSecretValue } from './secret-value';
import { ErrorCode } from '../../src/contract';

/** One version of a secret. */
export interface SecretVersion {
  readonly versionId: string;
  readonly credential: Credential;
}

type Stage = 'AWSCURRENT' | 'AWSPENDING';

/** Covers the SDK's own retries: without it a Secrets Manager that accepts a connection and says nothing holds a login for ever. */
const READ_TIMEOUT_MILLIS = 5_000;

/** A secret of AWS Secrets Manager, read once and kept; however many callers wait for a read, it is one call. */
export class SecretCredentials {
  // Private at run time too, so that neither inspect nor JSON shows what is kept.
  readonly #reads = new Map<Stage, Promise<SecretVersion>>();
  #client?: SecretsManagerClient;
  #latest?: SecretVersion;

  constructor(readonly secretId: string, client?: SecretsManagerClient) {
    this.#client = client;
  }

  /** The AWSCURRENT version that was read last, if any was: no wait, no call. */
  get latest(): SecretVersion | undefined {
    return this.#latest;
  }

  /** The AWSCURRENT version, read if it has not been yet. */
  async current(): Promise<SecretVersion> {
    return this.#latest ?? this.refresh();
  }

  /** Reads the AWSCURRENT version again. */
  async refresh(): Promise<SecretVersion> {
    this.#latest = await this.#readOnce('AWSCURRENT');
    return this.#latest;
  }

  /** The AWSPENDING version, which during a rotation may be the one that PostgreSQL accepts already. Not kept. */
  async pending(): Promise<SecretVersion | undefined> {
    try {
      return await this.#readOnce('AWSPENDING');
    } catch (error) {
      // No rotation under way, or the label is there and its value is not yet.
      if (codeOf((error as Error).cause) === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }

  #readOnce(stage: Stage): Promise<SecretVersion> {
    let read = this.#reads.get(stage);
    if (!read) {
      read = this.#read(stage).finally(() => this.#reads.delete(stage));
      this.#reads.set(stage, read);
    }
    return read;
  }

  async #read(stage: Stage): Promise<SecretVersion> {
    const sdk = await loadSdk();
    this.#client ??= new sdk.SecretsManagerClient({ region: regionOf(this.secretId) });
    const command = new sdk.GetSecretValueCommand({ SecretId: this.secretId, VersionStage: stage });
    const answer = await this.#client.send(command, { abortSignal: AbortSignal.timeout(READ_TIMEOUT_MILLIS) })
      .catch((error: unknown) => { throw unreadable(this.secretId, stage, error); });
    return {
      versionId: answer.VersionId ?? '',
      credential: parseSecretValue(answer.SecretString, `secret ${this.secretId} (${stage})`),
    };
  }
}

function unreadable(secretId: string, stage: Stage, error: unknown): RotatingPostgresError {
  const what = `cannot read ${stage} of secret ${secretId}`;
  // A parser's message quotes its input, which here is the secret.
  if (codeOf(error) === 'SyntaxError') return new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `${what}: the answer is not JSON`);
  return new RotatingPostgresError(ErrorCode.SECRETS_MANAGER, `${what}: ${codeOf(error)}: ${(error as Error).message}`, { cause: error });
}

/** The region in a secret's ARN, in any partition; `undefined` for a name, so that the SDK's default holds. */
export function regionOf(secretId: string): string | undefined {
  return /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretId)?.[1];
}

const ownClient = {};
const sources = new WeakMap<object, Map<string, SecretCredentials>>();

/** The one source for a secret in this process: pools of the same secret (and SDK client, if one is given) share what is read. */
export function secretCredentials(secretId: string, client?: SecretsManagerClient): SecretCredentials {
  const key = client ?? ownClient;
  const ofClient = sources.get(key) ?? new Map<string, SecretCredentials>();
  sources.set(key, ofClient);
  const source = ofClient.get(secretId) ?? new SecretCredentials(secretId, client);
  ofClient.set(secretId, source);
  return source;
}
