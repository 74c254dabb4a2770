import { RotatingPostgresError } from '../../../client/src/shared/errors';
import type { Credential } from '../../../client/src/shared/secret-value';
import { endAllSessions } from '../../../lambda/revocation/end-all-sessions';
import { log } from '../../../lambda/runtime/log';
import { BindingTag } from '../../../src/contract';
import { CURRENT, PENDING, ServiceError } from '../../local/secret';
import { Crash, memoryDeadline } from '../support/memory-store';
import { retires, STEPS, STRATEGIES, world } from '../support/world';

jest.spyOn(log, 'info').mockReturnValue();
jest.spyOn(log, 'warn').mockReturnValue();

type World = ReturnType<typeof world>;

/** What the versions of the secret say, those that have a value. */
function allCredentials({ secret }: World): Credential[] {
  return [...secret.versions.values()].flatMap(({ value }) => (value ? JSON.parse(value.SecretString!) : []));
}

/** The ports, of which each call waits for `before`. */
function interrupted<T extends object>(port: T, before: () => Promise<void>): T {
  return new Proxy(port, {
    get: (target, name) => {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        await before();
        const answer = await member.apply(target, given);
        return String(name).startsWith('openAs') ? interrupted(answer, before) : answer;
      };
    },
  });
}

describe.each(STRATEGIES)('%s', strategy => {
  /** After one rotation, and known to the admin. */
  async function rotated(checkpoint?: (where: string) => void): Promise<World> {
    const it = world(strategy, checkpoint);
    it.secret.tags.set(BindingTag.ADMIN_SECRET, 'admin');
    it.begin('token-0');
    await it.rotate('token-0');
    return it;
  }

  /** What is wrong after a revocation, if anything. */
  function faultsOf({ database, value }: World, before: readonly Credential[]): string[] {
    const revived = before
      .filter(credential => database.accepts(credential))
      .map(({ username }) => `an old password of ${username} logs in`);
    return database.accepts(value(CURRENT)!) ? revived : [...revived, 'AWSCURRENT does not log in'];
  }

  async function rotatesOn(it: World): Promise<void> {
    it.coldStart();
    if (!it.secret.rotationIncomplete()) it.begin('last');
    await it.rotate(it.secret.holder(PENDING)!.id);
    expect(it.database.accepts(it.value(CURRENT)!)).toBe(true);
  }

  test('killed anywhere, a revocation is complete when it is run again', async () => {
    let [countdown, met] = [Infinity, ''];
    const checkpoint = (where: string) => {
      if (countdown-- > 0) return;
      met = where;
      throw new Crash();
    };
    for (let n = 0; ; n++) {
      countdown = Infinity;
      const it = await rotated(checkpoint);
      const before = allCredentials(it);
      countdown = n;
      const ended = await it.revoke().catch(error => {
        if (!(error instanceof Crash)) throw error;
      });
      countdown = Infinity;
      if (ended) {
        expect(n).toBeGreaterThan(20);
        return;
      }
      await it.revoke();
      expect([met, faultsOf(it, before)]).toEqual([met, []]);
      await rotatesOn(it);
      if (retires(strategy)) expect(before.some(credential => it.database.accepts(credential))).toBe(false);
    }
  });

  test('a rotation in the middle of which a revocation runs revives nothing, and the next one succeeds', async () => {
    for (let n = 0; ; n++) {
      const it = await rotated();
      it.begin('token-1');
      let [countdown, before]: [number, Credential[]] = [n, []];
      const meanwhile = async () => {
        if (countdown-- !== 0) return;
        before = allCredentials(it);
        await it.revoke();
      };
      const ports = { store: interrupted(it.store, meanwhile), database: interrupted(it.database, meanwhile) };
      try {
        for (const step of STEPS) await it.step(step, 'token-1', ports);
      } catch (error) {
        // Of the store, what a label says no more; it has a code when it comes from Secrets Manager.
        if (!(error instanceof ServiceError || error instanceof RotatingPostgresError)) throw error;
      }
      if (countdown >= 0) {
        expect(n).toBeGreaterThan(12);
        return;
      }
      expect([n, faultsOf(it, before)]).toEqual([n, []]);
      await it.step('createSecret', 'token-1').catch(() => undefined); // Secrets Manager tries again
      await rotatesOn(it);
      expect([n, before.filter(credential => it.database.accepts(credential))]).toEqual([n, []]);
    }
  });
});

describe('sessions that are still coming in', () => {
  /** An admin who finds so many sessions at each look. */
  const finding = (...looks: number[]) => ({ endSessions: async () => looks.shift() ?? 1 });

  test('are ended until two looks find none', async () => {
    await expect(endAllSessions(finding(2, 0, 1, 0, 0), ['app'], memoryDeadline())).resolves.toBe(3);
  });

  test('end a revocation with an error when they do not cease', async () => {
    await expect(endAllSessions(finding(), ['app'], memoryDeadline())).rejects.toMatchObject({
      code: 'Timeout',
      message: expect.stringContaining('"app"'),
    });
  });
});
