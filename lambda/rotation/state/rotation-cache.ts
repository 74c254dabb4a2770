import type { Version } from '../../credential/parse-version';

/**
 * The values that a warm process kept from earlier steps of a rotation. A version's value never changes, so that it
 * need not be read twice.
 */
export interface CachedRotation {
  /** The current version and its id. */
  current?: { readonly id: string; readonly version: Version };
  pending?: Version;
  /** Whether this process has seen the pending version log in. */
  tested?: boolean;
}

/** The most rotations that are kept. A function serves many secrets, but rarely rotates more than this at once. */
const MOST = 100;

/**
 * The rotations of which this process has run steps, by token. The oldest entry is dropped when the cache is full, and
 * each entry when its rotation has finished.
 */
export class RotationCache {
  private readonly rotations = new Map<string, CachedRotation>();

  get(token: string): CachedRotation {
    const cached = this.rotations.get(token) ?? {};
    this.rotations.set(token, cached);
    for (const oldest of this.rotations.keys()) {
      if (this.rotations.size <= MOST) break;
      this.rotations.delete(oldest);
    }
    return cached;
  }

  forget(token: string): void {
    this.rotations.delete(token);
  }
}
