import type { CachedRotation, RotationCache } from './rotation-cache';
import type { Credential } from '../../../client/src/shared/secret-value';
import type { Binding } from '../../credential/binding';
import type { LoginDatabase } from '../../ports/database';
import type { Deadline } from '../../ports/deadline';
import type { CurrentValue, SecretStore } from '../../ports/secret-store';
import type { Settings } from '../../runtime/settings';

/** The ports and settings of the steps. */
export interface Ports {
  readonly store: SecretStore;
  readonly database: LoginDatabase;
  readonly deadline: Deadline;
  readonly settings: Settings;
  /** The ARN that this function was invoked by. */
  readonly functionArn: string;
  /** The values that this process kept from earlier steps. */
  readonly rotationCache: RotationCache;
}

/** One rotation, as its steps see it. */
export interface Rotation extends Omit<Ports, 'rotationCache'> {
  /** The values that this process kept from earlier steps of this rotation. */
  readonly cached: CachedRotation;
  /** The binding that the secret's values must match. */
  readonly binding: Binding;
  readonly secretId: string;
  readonly token: string;
  readonly rotationToken?: string;
  /**
   * The AWSCURRENT value that was requested together with the secret's description. It is used only if its version is
   * the one that the description says is current.
   */
  readonly prefetchedCurrent?: Promise<CurrentValue | undefined>;
  /** The id of the version that is AWSCURRENT while the rotation runs. */
  readonly currentVersion: string;
  /** The id of the version that is AWSPREVIOUS. */
  readonly previousVersion?: string;
}

/** A rotation strategy. It decides which login gets the next password, and which login may set it. */
export interface Strategy {
  /** The user name of the next version. */
  nextUsername(current: Credential): string;
  /** Sets the pending password in the database. Repeating it changes nothing more. */
  activate(rotation: Rotation, current: Credential, pending: Credential): Promise<void>;
  /**
   * Limits how long the login that the rotation replaced still works, for a strategy that has one. Repeating it changes
   * nothing more.
   */
  retire?(rotation: Rotation, replaced: string, current: Credential): Promise<void>;
}
