import type { Version } from '../../credential/parse-version';

/**
 * What a warm process knows of a rotation from its earlier steps. The value of a version never changes, so it need not
 * be read twice.
 */
export interface CachedRotation {
  /** The current version, by its id. */
  current?: { readonly id: string; readonly version: Version };
  pending?: Version;
  /** Whether the pending version was seen to log in. */
  tested?: boolean;
}

/** A function serves many secrets, but rarely more than these at once. */
const MOST = 100;

/** The rotations that this process has seen steps of, by token. It forgets the oldest, and each that is finished. */
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
