import { RotatingPostgresError } from '../../../client/src/shared/errors';
import type { Credential } from '../../../client/src/shared/secret-value';
import type { Database, Identity, Pair, SecretVersion, Session } from '../../../lambda/ports/database';
import type { Deadline } from '../../../lambda/ports/deadline';
import type {
  CurrentValue,
  NewVersion,
  SecretDescription,
  SecretStore,
  VersionSelector,
} from '../../../lambda/ports/secret-store';
import { ErrorCode } from '../../../src/contract';
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

interface MemoryRole {
  /** None after a revocation. */
  password?: string;
  startsAs: string;
  /** The version of the secret whose password it has. */
  version?: string;
  /** A retired login lets nobody in: its time is over at once. */
  retired?: boolean;
  revoked?: boolean;
}

/** Roles in memory: who logs in with what. */
export class MemoryDatabase implements Database {
  readonly roles = new Map<string, MemoryRole>();
  /** Logins that were refused. */
  refused = 0;
  private readonly sessions = new Set<{ readonly username: string; ended: boolean }>();

  constructor(private readonly checkpoint: Checkpoint = () => undefined) {}

  accepts({ username, password }: Pick<Credential, 'username' | 'password'>): boolean {
    const role = this.roles.get(username);
    return role !== undefined && !role.retired && !role.revoked && role.password === password;
  }

  async open(credential: Credential): Promise<Session> {
    this.checkpoint('before login');
    const role = this.roles.get(credential.username);
    if (!this.accepts(credential)) {
      this.refused++;
      throw new RotatingPostgresError(ErrorCode.AUTHENTICATION, `refused ${credential.username}`);
    }
    this.checkpoint('after login');
    const self = { username: credential.username, ended: false };
    this.sessions.add(self);
    return {
      identity: async (): Promise<Identity> => {
        return { sessionUser: credential.username, currentUser: role!.startsAs, startsAs: role!.startsAs };
      },
      server: async () => ({ systemIdentifier: 'memory', startedAt: 'now', inRecovery: false }),
      changeOwnPassword: async (username, password) =>
        this.effect('change of password', () => {
          if (username !== credential.username) {
            throw new Error(`${credential.username} changes the password of ${username}`);
          }
          if (self.ended) throw new RotatingPostgresError(ErrorCode.DATABASE_UNREACHABLE, 'the session was ended');
          this.roles.set(username, { ...role!, password });
        }),
      setAlternatingPassword: async (pair: Pair, secret, username, password) => {
        await this.confirmIfDoubtful(secret, username, [pair.owner, pair.alternate]);
        this.effect('arming of the login', () =>
          this.roles.set(username, { password, startsAs: pair.owner, version: secret.version }),
        );
        return { adopt: false };
      },
      setPassword: async (secret, username, password) => {
        await this.confirmIfDoubtful(secret, username, [username]);
        this.effect('arming of the login', () =>
          this.roles.set(username, { password, startsAs: username, version: secret.version }),
        );
      },
      retireLogin: async ({ version }, username) => {
        const replaced = this.roles.get(username);
        if (!replaced || replaced.revoked || (replaced.version ?? version) !== version) return false;
        this.effect('retirement', () => this.roles.set(username, { ...replaced, version, retired: true }));
        return true;
      },
      revokeLogins: async (pair, _secretArn, announce) => {
        announce([]);
        const logins = [pair.owner, pair.alternate].filter(name => this.roles.has(name));
        this.effect('revocation', () =>
          logins.forEach(name => this.roles.set(name, { startsAs: name, revoked: true })),
        );
        return { logins, settings: [] };
      },
      endSessions: async username => {
        const ended = [...this.sessions].filter(session => session.username === username);
        for (const session of ended) {
          session.ended = true;
          this.sessions.delete(session);
        }
        return ended.length;
      },
      grantOwnerMembership: notInMemory,
      shareMemberships: notInMemory,
      transferOwnership: notInMemory,
      close: async () => {
        this.sessions.delete(self);
      },
    };
  }

  private async confirmIfDoubtful(secret: SecretVersion, username: string, logins: string[]): Promise<void> {
    const version = this.roles.get(username)?.version;
    const expected = [undefined, secret.version, secret.replaces].includes(version);
    if (!expected || logins.some(name => this.roles.get(name)?.revoked)) await secret.confirm?.();
  }

  private effect(name: string, act: () => void): void {
    this.checkpoint(`before ${name}`);
    act();
    this.checkpoint(`after ${name}`);
  }
}

async function notInMemory(): Promise<never> {
  throw new Error('another rotation function never worked on roles in memory');
}

/** Time enough for a number of waits, none of which takes any. */
export function memoryDeadline(waits = 20): Deadline {
  return { remaining: () => 60_000, wait: async () => waits-- > 0 };
}
