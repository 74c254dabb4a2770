import { RotatingPostgresError } from '../../client/src/errors';
import type { Credential } from '../../client/src/secret-value';
import type { Database, Identity, Pair, Session } from '../../lambda/ports/database';
import type { Deadline } from '../../lambda/ports/deadline';
import type { NewVersion, SecretDescription, SecretStore, VersionSelector } from '../../lambda/ports/secret-store';
import { ErrorCode } from '../../src/contract';
import { FUNCTION_ARN } from '../local/function-arn';
import { CURRENT, PENDING, Secret, ServiceError } from '../local/secret';

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
        arn: secretId, rotationEnabled: secret.rotation?.enabled ?? false, rotationFunctionArn: secret.rotation?.functionArn, stages,
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

interface MemoryRole {
  password: string;
  startsAs: string;
}

/** Roles in memory: who logs in with what. */
export class MemoryDatabase implements Database {
  readonly roles = new Map<string, MemoryRole>();
  /** Logins that were refused. */
  refused = 0;

  constructor(private readonly checkpoint: Checkpoint = () => undefined) {}

  accepts({ username, password }: Pick<Credential, 'username' | 'password'>): boolean {
    return this.roles.get(username)?.password === password;
  }

  async open(credential: Credential): Promise<Session> {
    this.checkpoint('before login');
    const role = this.roles.get(credential.username);
    if (!this.accepts(credential)) {
      this.refused++;
      throw new RotatingPostgresError(ErrorCode.AUTHENTICATION, `refused ${credential.username}`);
    }
    this.checkpoint('after login');
    return {
      identity: async (): Promise<Identity> => {
        return { sessionUser: credential.username, currentUser: role!.startsAs, startsAs: role!.startsAs };
      },
      changeOwnPassword: async (username, password) => this.effect('change of password', () => {
        if (username !== credential.username) throw new Error(`${credential.username} changes the password of ${username}`);
        this.roles.set(username, { ...role!, password });
      }),
      armLogin: async (pair: Pair, _secretArn, username, password) => this.effect('arming of the login', () => {
        this.roles.set(username, { password, startsAs: pair.owner });
      }),
      close: async () => undefined,
    };
  }

  private effect(name: string, act: () => void): void {
    this.checkpoint(`before ${name}`);
    act();
    this.checkpoint(`after ${name}`);
  }
}

/** Time enough for a number of waits, none of which takes any. */
export function memoryDeadline(waits = 20): Deadline {
  return { wait: async () => waits-- > 0 };
}
