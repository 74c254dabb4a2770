import type { Checkpoint } from './memory-store';
import { RotatingPostgresError } from '../../../client/src/shared/errors';
import type { Credential } from '../../../client/src/shared/secret-value';
import type { LoginDatabase } from '../../../lambda/ports/database';
import type { SecretVersion } from '../../../lambda/ports/logins';
import type { ConsumerSession, LoginAdmin, LoginSession, ServerIdentity } from '../../../lambda/ports/sessions';
import { ErrorCode } from '../../../src/contract';

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

interface MemorySession {
  readonly username: string;
  readonly role: MemoryRole;
  ended: boolean;
}

/** Roles in memory: who logs in with what. */
export class MemoryDatabase implements LoginDatabase {
  readonly roles = new Map<string, MemoryRole>();
  /** Logins that were refused. */
  refused = 0;
  private readonly sessions = new Set<MemorySession>();

  constructor(private readonly checkpoint: Checkpoint = () => undefined) {}

  accepts({ username, password }: Pick<Credential, 'username' | 'password'>): boolean {
    const role = this.roles.get(username);
    return role !== undefined && !role.retired && !role.revoked && role.password === password;
  }

  async openAsConsumer(credential: Credential): Promise<ConsumerSession> {
    const self = this.logIn(credential);
    const { username: sessionUser, role } = self;
    return {
      identity: async () => ({ sessionUser, currentUser: role.startsAs, startsAs: role.startsAs }),
      server: serverInMemory,
      close: async () => this.logOut(self),
    };
  }

  async openAsLogin(credential: Credential): Promise<LoginSession> {
    const self = this.logIn(credential);
    return {
      changeOwnPassword: async (username, password) =>
        this.effect('change of password', () => {
          if (username !== self.username) throw new Error(`${self.username} changes the password of ${username}`);
          if (self.ended) throw new RotatingPostgresError(ErrorCode.DATABASE_UNREACHABLE, 'the session was ended');
          this.roles.set(username, { ...self.role, password });
        }),
      transferOwnership: notInMemory,
      close: async () => this.logOut(self),
    };
  }

  async openAsAdmin(credential: Credential): Promise<LoginAdmin> {
    const self = this.logIn(credential);
    return {
      server: serverInMemory,
      setAlternatingPassword: async (pair, secret, username, password) => {
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
      close: async () => this.logOut(self),
    };
  }

  private logIn(credential: Credential): MemorySession {
    this.checkpoint('before login');
    const { username } = credential;
    const role = this.roles.get(username);
    if (!role || !this.accepts(credential)) {
      this.refused++;
      throw new RotatingPostgresError(ErrorCode.AUTHENTICATION, `refused ${username}`);
    }
    this.checkpoint('after login');
    const self = { username, role, ended: false };
    this.sessions.add(self);
    return self;
  }

  private logOut(self: MemorySession): void {
    this.sessions.delete(self);
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

async function serverInMemory(): Promise<ServerIdentity> {
  return { systemIdentifier: 'memory', startedAt: 'now', inRecovery: false };
}

async function notInMemory(): Promise<never> {
  throw new Error('another rotation function never worked on roles in memory');
}
