import type { KnownRotation, KnownRotations } from './known';
import type { Credential } from '../../client/src/secret-value';
import type { PasswordPolicy } from '../password';
import type { Database } from '../ports/database';
import type { Deadline } from '../ports/deadline';
import type { SecretStore } from '../ports/secret-store';

/** What the steps work with. */
export interface Ports {
  readonly store: SecretStore;
  readonly database: Database;
  readonly deadline: Deadline;
  readonly passwords: PasswordPolicy;
  /** ARN under which this function was invoked. */
  readonly functionArn: string;
  /** What this process knows from earlier steps. */
  readonly known: KnownRotations;
}

/** One rotation, as its steps see it. */
export interface Rotation extends Omit<Ports, 'known'> {
  readonly known: KnownRotation;
  readonly secretId: string;
  readonly token: string;
  readonly rotationToken?: string;
  /** The id of the version that is current while the rotation runs. */
  readonly currentVersion: string;
}

/** A rotation strategy: who logs in next, who may change its password. */
export interface Strategy {
  /** The user name of the next version. */
  nextUsername(current: Credential): string;
  /** Makes the pending credential log in. Doing it again changes nothing more. */
  activate(rotation: Rotation, current: Credential, pending: Credential): Promise<void>;
}
