import type { CachedRotation, RotationCache } from './rotation-cache';
import type { Credential } from '../../../client/src/shared/secret-value';
import type { Binding } from '../../credential/binding';
import type { LoginDatabase } from '../../ports/database';
import type { Deadline } from '../../ports/deadline';
import type { CurrentValue, SecretStore } from '../../ports/secret-store';
import type { Settings } from '../../runtime/settings';

/** What the steps work with. */
export interface Ports {
  readonly store: SecretStore;
  readonly database: LoginDatabase;
  readonly deadline: Deadline;
  readonly settings: Settings;
  /** ARN under which this function was invoked. */
  readonly functionArn: string;
  /** What this process knows from earlier steps. */
  readonly rotationCache: RotationCache;
}

/** One rotation, as its steps see it. */
export interface Rotation extends Omit<Ports, 'rotationCache'> {
  /** What this process knows of it from earlier steps. */
  readonly cached: CachedRotation;
  /** What the secret's value is held to. */
  readonly binding: Binding;
  readonly secretId: string;
  readonly token: string;
  readonly rotationToken?: string;
  /**
   * What is read as AWSCURRENT beside the description of the secret: counts if it is the version that this says is
   * current.
   */
  readonly prefetchedCurrent?: Promise<CurrentValue | undefined>;
  /** The id of the version that is current while the rotation runs. */
  readonly currentVersion: string;
  /** The id of the version that was current before. */
  readonly previousVersion?: string;
}

/** A rotation strategy: who logs in next, who may change its password. */
export interface Strategy {
  /** The user name of the next version. */
  nextUsername(current: Credential): string;
  /** Makes the pending credential log in. Doing it again changes nothing more. */
  activate(rotation: Rotation, current: Credential, pending: Credential): Promise<void>;
  /**
   * Lets the login that the rotation has replaced work for a while only, where there is one. Doing it again changes
   * nothing more.
   */
  retire?(rotation: Rotation, replaced: string, current: Credential): Promise<void>;
}
