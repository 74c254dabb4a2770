import fc from 'fast-check';
import { log } from '../../../../lambda/runtime/log';
import { FUNCTION_ARN } from '../../../local/function-arn';
import { CURRENT, PENDING } from '../../../local/secret';
import { Crash } from '../../support/memory-store';
import { retires, STEPS, STRATEGIES, world } from '../../support/world';

jest.spyOn(log, 'info').mockReturnValue();
jest.spyOn(log, 'warn').mockReturnValue();

describe.each(STRATEGIES)('%s', strategy => {
  test('a rotation refuses no login and ends with a current credential that logs in', async () => {
    const it = world(strategy);
    it.begin('token-1');
    await it.rotate('token-1');
    expect(it.secret.holder(CURRENT)!.id).toBe('token-1');
    expect(it.secret.holder(PENDING)).toBeUndefined();
    expect(it.database.accepts(it.value(CURRENT)!)).toBe(true);
    expect(it.value(CURRENT)!.password).not.toBe('first');
    expect(it.database.refused).toBe(0);
  });

  /** Every place at which a rotation touches the world, in order. */
  async function places(): Promise<string[]> {
    const seen: string[] = [];
    const it = world(strategy, where => seen.push(where));
    it.begin('token-1');
    await it.rotate('token-1');
    return seen;
  }

  /** Runs a rotation that ends at its nth checkpoint. */
  async function crashed(n: number) {
    let countdown = n;
    const it = world(strategy, () => {
      if (countdown-- === 0) throw new Crash();
    });
    it.begin('token-1');
    await expect(it.rotate('token-1')).rejects.toBeInstanceOf(Crash);
    it.coldStart();
    return it;
  }

  test('killed anywhere, the retry with the same token finishes it', async () => {
    const all = await places();
    expect(all.length).toBeGreaterThan(20);
    for (let n = 0; n < all.length; n++) {
      const it = await crashed(n);
      expect([all[n], it.someoneLogsIn()]).toEqual([all[n], true]);
      await it.rotate('token-1');
      expect([all[n], it.secret.holder(CURRENT)!.id, it.database.accepts(it.value(CURRENT)!)]).toEqual([
        all[n],
        'token-1',
        true,
      ]);
      if (strategy !== 'single') {
        expect([all[n], it.database.accepts({ username: 'app', password: 'first' })]).toEqual([
          all[n],
          !retires(strategy),
        ]);
      }
    }
  });

  test('killed anywhere, and its label taken away, the next rotation succeeds', async () => {
    const all = await places();
    for (let n = 0; n < all.length; n++) {
      const it = await crashed(n);
      it.secret.holder(PENDING)?.stages.delete(PENDING);
      it.begin('token-2');
      await it.rotate('token-2');
      expect([all[n], it.secret.holder(CURRENT)!.id, it.database.accepts(it.value(CURRENT)!)]).toEqual([
        all[n],
        'token-2',
        true,
      ]);
    }
  });

  test(
    'whatever is delivered in whatever order, and killed anywhere, somebody can log in and the next ' +
      'rotation succeeds',
    async () => {
      const delivery = fc.record({
        step: fc.constantFrom(...STEPS),
        token: fc.constantFrom('token-1', 'token-2', 'token-3'),
        begin: fc.boolean(),
        cold: fc.boolean(),
        crashAfter: fc.option(fc.nat(12), { nil: undefined }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(delivery, { maxLength: 25 }), async deliveries => {
          let countdown = Infinity;
          const it = world(strategy, () => {
            if (countdown-- <= 0) throw new Crash();
          });
          for (const { step, token, begin, cold, crashAfter } of deliveries) {
            if (begin && !it.secret.rotationIncomplete() && !it.secret.versions.has(token)) it.begin(token);
            if (cold) it.coldStart();
            countdown = crashAfter ?? Infinity;
            await it.step(step, token).catch(error => error instanceof Crash && it.coldStart());
            expect(it.someoneLogsIn()).toBe(true);
          }
          countdown = Infinity;
          const token = it.secret.rotationIncomplete() ? it.secret.holder(PENDING)!.id : 'last';
          if (token === 'last') it.begin(token);
          await it.rotate(token);
          expect(it.secret.holder(CURRENT)!.id).toBe(token);
          expect(it.database.accepts(it.value(CURRENT)!)).toBe(true);
        }),
        { numRuns: 300 },
      );
    },
  );

  test('a token that is not pending changes nothing', async () => {
    const it = world(strategy);
    for (const step of STEPS) await expect(it.step(step, 'unknown')).rejects.toMatchObject({ code: 'NotPending' });
    expect(it.secret.versions.size).toBe(1);
  });

  test('a secret that another function rotates is left alone', async () => {
    const it = world(strategy);
    it.begin('token-1');
    it.secret.rotation!.functionArn = FUNCTION_ARN.replace(/rotation$/, 'another');
    for (const step of STEPS) await expect(it.step(step, 'token-1')).rejects.toMatchObject({ code: 'NotPending' });
    expect(it.secret.versions.get('token-1')!.value).toBeUndefined();
  });

  test('rotation that is switched off changes nothing', async () => {
    const it = world(strategy);
    it.begin('token-1');
    it.secret.rotation!.enabled = false;
    for (const step of STEPS) await expect(it.step(step, 'token-1')).rejects.toMatchObject({ code: 'NotPending' });
    expect(it.secret.versions.get('token-1')!.value).toBeUndefined();
  });
});

test('a pending value that cannot be read yet is waited for', async () => {
  const it = world('single');
  it.begin('token-1');
  await it.step('createSecret', 'token-1');
  it.coldStart();
  const version = it.secret.versions.get('token-1')!;
  const { value } = version;
  version.value = undefined;
  const read = it.store.read.bind(it.store);
  let reads = 0;
  it.store.read = async (secretId, selector) => {
    if (selector.stage === PENDING && ++reads === 3) version.value = value;
    return read(secretId, selector);
  };
  await it.step('setSecret', 'token-1');
  expect(it.database.accepts(it.value(PENDING)!)).toBe(true);
});

test('an admin that no version logs in ends with the cause once the time is up', async () => {
  const it = world('alternating');
  it.begin('token-1');
  await it.step('createSecret', 'token-1');
  it.database.roles.set('postgres', { password: 'changed by hand', startsAs: 'postgres' });
  await expect(it.step('setSecret', 'token-1')).rejects.toMatchObject({
    code: 'Authentication',
    message: expect.stringContaining('admin'),
  });
  expect(it.database.accepts(it.value(CURRENT)!)).toBe(true);
});

test(
  'a finishSecret that ends late, when the next rotation has armed the login it replaced, leaves that ' + 'login alone',
  async () => {
    const it = world('alternating, the replaced login retired');
    it.begin('token-1');
    for (const step of STEPS.slice(0, 3)) await it.step(step, 'token-1');
    const open = it.database.openAsAdmin.bind(it.database);
    it.database.openAsAdmin = async credential => {
      it.database.openAsAdmin = open;
      it.coldStart();
      it.begin('token-2');
      await it.rotate('token-2');
      return open(credential);
    };
    await it.step('finishSecret', 'token-1');
    expect(it.secret.holder(CURRENT)!.id).toBe('token-2');
    expect(it.value(CURRENT)!.username).toBe('app');
    expect(it.database.accepts(it.value(CURRENT)!)).toBe(true);
  },
);

test('a setSecret that comes late, when the next rotation is over, does not change the current password', async () => {
  const it = world('alternating');
  it.begin('token-1');
  await it.step('createSecret', 'token-1');
  const open = it.database.openAsAdmin.bind(it.database);
  it.database.openAsAdmin = async credential => {
    it.database.openAsAdmin = open;
    it.secret.holder(PENDING)!.stages.delete(PENDING);
    it.begin('token-2');
    await it.rotate('token-2');
    return open(credential);
  };
  await expect(it.step('setSecret', 'token-1')).rejects.toMatchObject({ code: 'NotPending' });
  expect(it.secret.holder(CURRENT)!.id).toBe('token-2');
  expect(it.database.accepts(it.value(CURRENT)!)).toBe(true);
});
