import type { NewVersionLabel, RevokedLabel, StagingLabel } from '../../src/contract';

/** A version of a secret, by its staging label, its id or both. With both they must agree, or nothing is read. */
export interface VersionSelector {
  readonly stage?: StagingLabel;
  readonly versionId?: string;
}

export interface SecretDescription {
  readonly arn: string;
  readonly rotationEnabled: boolean;
  /** ARN of the function that rotates the secret; it may name a version or an alias. */
  readonly rotationFunctionArn?: string;
  /** When Secrets Manager last rotated the secret with success; undefined before it has. */
  readonly lastRotated?: Date;
  /** Staging labels by version id. A version without a label is not here. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface NewVersion {
  readonly secretId: string;
  /** The id of the new version. */
  readonly token: string;
  /** The staging label that the new version takes. */
  readonly stage: NewVersionLabel;
  readonly value: string;
  /** What Secrets Manager sent with the event, when it rotates under an assumed role. */
  readonly rotationToken?: string;
}

export interface CurrentValue {
  readonly versionId: string;
  readonly value?: string;
}

/** Where secrets are kept: AWS Secrets Manager, or a double in tests of the steps. */
export interface SecretStore {
  describe(secretId: string): Promise<SecretDescription>;
  /** The value, or undefined where there is no such version or it has no value yet. */
  read(secretId: string, version: VersionSelector): Promise<string | undefined>;
  /** The value that has AWSCURRENT, with the id of its version; undefined where there is none. */
  readCurrent(secretId: string): Promise<CurrentValue | undefined>;
  /** Writes a version once: `exists` when its id already holds another value, which then stays. */
  write(version: NewVersion): Promise<'written' | 'exists'>;
  /** Moves AWSCURRENT; Secrets Manager moves AWSPREVIOUS along. */
  makeCurrent(secretId: string, to: string, from: string): Promise<void>;
  /** Takes AWSPENDING off a version. */
  removePending(secretId: string, from: string): Promise<void>;
  /** Gives a version the staging label that says that it was revoked. */
  label(secretId: string, versionId: string, label: RevokedLabel): Promise<void>;
  /** All versions that can still be read, also those without a label, newest first. */
  versionIds(secretId: string): Promise<string[]>;
}
