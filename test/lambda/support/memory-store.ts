import type { Deadline } from '../../../lambda/ports/deadline';
import type {
  CurrentValue,
  NewVersion,
  SecretDescription,
  SecretStore,
  VersionSelector,
} from '../../../lambda/ports/secret-store';
import { FUNCTION_ARN } from '../../local/function-arn';
import { CURRENT, PENDING, Secret, ServiceError } from '../../local/secret';

/** The function's end, at a point of the test's choosing. Nothing in the function can catch it and go on. */
export class Crash extends Error {}

/** Called before and after each effect on the world. */
export type Checkpoint = (where: string) => void;

/** Secrets in memory, under the version rules of the local Secrets Manager. */
export class MemoryStore implements SecretStore {
  readonly secrets = new Map<string, Secret>();

  constructor(private readonly checkpoint: Checkpoint = () => undefined) {}

  /** A secret with a current version, set up for rotation. */
  add(name: string, value: object): Secret {
    const secret = new Secret(name);
    secret.put(`initial-version-of-${name}`, { SecretString: JSON.stringify(value) });
    secret.rotation = { enabled: true, functionArn: FUNCTION_ARN };
    this.secrets.set(name, secret);
    return secret;
  }

  async describe(secretId: string): Promise<SecretDescription> {
    return this.effect('describe', () => {
      const secret = this.secret(secretId);
      const labelled = [...secret.versions.values()].filter(version => version.stages.size > 0);
      const stages = Object.fromEntries(labelled.map(version => [version.id, [...version.stages]]));
      return {
        arn: secretId,
        rotationEnabled: secret.rotation?.enabled ?? false,
        rotationFunctionArn: secret.rotation?.functionArn,
        stages,
        tags: Object.fromEntries(secret.tags),
      };
    });
  }

  async read(secretId: string, { versionId, stage }: VersionSelector): Promise<string | undefined> {
    return this.effect('read', () => {
      try {
        return this.secret(secretId).read(versionId, stage).value?.SecretString;
      } catch (error) {
        if ((error as ServiceError).type === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    });
  }

  async readCurrent(secretId: string): Promise<CurrentValue | undefined> {
    return this.effect('read', () => {
      const current = this.secret(secretId).holder(CURRENT);
      return current && { versionId: current.id, value: current.value?.SecretString };
    });
  }

  async write({ secretId, token, stage, value }: NewVersion): Promise<'written' | 'exists'> {
    return this.effect('write', () => {
      try {
        this.secret(secretId).put(token, { SecretString: value }, [stage]);
        return 'written' as const;
      } catch (error) {
        if ((error as ServiceError).type === 'ResourceExistsException') return 'exists' as const;
        throw error;
      }
    });
  }

  async makeCurrent(secretId: string, to: string, from: string): Promise<void> {
    this.effect('make current', () => this.secret(secretId).move(CURRENT, to, from));
  }

  async removePending(secretId: string, from: string): Promise<void> {
    this.effect('remove pending', () => this.secret(secretId).move(PENDING, undefined, from));
  }

  async label(secretId: string, versionId: string, label: string): Promise<void> {
    this.effect('label', () => this.secret(secretId).move(label, versionId));
  }

  async versionIds(secretId: string): Promise<string[]> {
    return this.effect('list versions', () => [...this.secret(secretId).versions.keys()].reverse());
  }

  private secret(secretId: string): Secret {
    const secret = this.secrets.get(secretId);
    if (!secret) throw new Error(`no secret ${secretId}`);
    return secret;
  }

  private effect<T>(name: string, act: () => T): T {
    this.checkpoint(`before ${name}`);
    const result = act();
    this.checkpoint(`after ${name}`);
    return result;
  }
}

/** Time enough for a number of waits, none of which takes any. */
export function memoryDeadline(waits = 20): Deadline {
  return { remaining: () => 60_000, wait: async () => waits-- > 0 };
}
