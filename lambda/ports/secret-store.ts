import type { NewVersionLabel, RevokedLabel, StagingLabel } from '../../src/contract';

/**
 * Selects a version by its staging label, its id or both. With both, the version is read only if the id has the label.
 */
export interface VersionSelector {
  readonly stage?: StagingLabel;
  readonly versionId?: string;
}

export interface SecretDescription {
  readonly arn: string;
  readonly rotationEnabled: boolean;
  /** The ARN of the rotation function; it may end in a version or an alias. */
  readonly rotationFunctionArn?: string;
  /** The time of the last rotation that succeeded; undefined before the first. */
  readonly lastRotated?: Date;
  /** The staging labels by version id. Versions without a label are not included. */
  readonly stages: Readonly<Record<string, readonly string[]>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface NewVersion {
  readonly secretId: string;
  /** The id of the new version. */
  readonly token: string;
  /** The staging label of the new version. */
  readonly stage: NewVersionLabel;
  readonly value: string;
  /** The token from the event, which Secrets Manager sends when it rotates with an assumed role. */
  readonly rotationToken?: string;
}

export interface CurrentValue {
  readonly versionId: string;
  readonly value?: string;
}

/** The port to the secret store: AWS Secrets Manager, or a double in tests of the steps. */
export interface SecretStore {
  describe(secretId: string): Promise<SecretDescription>;
  /** The value; undefined where there is no such version or it has no value yet. */
  read(secretId: string, version: VersionSelector): Promise<string | undefined>;
  /** The value of AWSCURRENT and the id of its version; undefined where there is none. */
  readCurrent(secretId: string): Promise<CurrentValue | undefined>;
  /** Writes a version once. Returns `exists` when the version already has another value; that value stays. */
  write(version: NewVersion): Promise<'written' | 'exists'>;
  /** Moves AWSCURRENT. Secrets Manager then moves AWSPREVIOUS to the version that AWSCURRENT left. */
  makeCurrent(secretId: string, to: string, from: string): Promise<void>;
  /** Removes AWSPENDING from a version. */
  removePending(secretId: string, from: string): Promise<void>;
  /** Adds the staging label that marks a version as revoked. */
  label(secretId: string, versionId: string, label: RevokedLabel): Promise<void>;
  /** The ids of all versions that can still be read, newest first, including those without a label. */
  versionIds(secretId: string): Promise<string[]>;
}
