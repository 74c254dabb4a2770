import type { Credential } from '../../client/src/shared/secret-value';

/** A version of the secret. */
export interface Version {
  readonly credential: Credential;
  /** The JSON as it is stored, with whatever else its owner keeps in it. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * What a warm process knows of a rotation from its earlier steps. The value of a version never changes, so it need not
 * be read twice.
 */
export interface KnownRotation {
  /** The current version, by its id. */
  current?: { readonly id: string; readonly version: Version };
  pending?: Version;
  /** Whether the pending version was seen to log in. */
  tested?: boolean;
}

/** A function serves many secrets, but rarely more than these at once. */
const MOST = 100;

/** The rotations that this process has seen steps of, by token. It forgets the oldest, and each that is finished. */
export class KnownRotations {
  private readonly rotations = new Map<string, KnownRotation>();

  get(token: string): KnownRotation {
    const known = this.rotations.get(token) ?? {};
    this.rotations.set(token, known);
    for (const oldest of this.rotations.keys()) {
      if (this.rotations.size <= MOST) break;
      this.rotations.delete(oldest);
    }
    return known;
  }

  forget(token: string): void {
    this.rotations.delete(token);
  }
}
