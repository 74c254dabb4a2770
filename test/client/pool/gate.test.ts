import { Gate } from '../../../client/src/pool/gate';

test('so many enter, the others in their order as places become free', async () => {
  const gate = new Gate(2);
  const entered: number[] = [];
  const all = Promise.all(
    [1, 2, 3, 4].map(async who => {
      await gate.enter(Infinity);
      entered.push(who);
    }),
  );
  await Promise.resolve();
  expect(entered).toEqual([1, 2]);
  expect(gate.waiting).toBe(2);
  gate.leave();
  gate.leave();
  await all;
  expect(entered).toEqual([1, 2, 3, 4]);
});

test('nobody overtakes those who wait', async () => {
  const gate = new Gate(1);
  await gate.enter(Infinity);
  const waiting = gate.enter(Infinity);
  gate.leave();
  expect(gate.tryEnter()).toBe(false);
  expect(await waiting).toBe(true);
});

test('whose time is over leaves the queue, and takes no place', async () => {
  const gate = new Gate(1);
  await gate.enter(Infinity);
  expect(await gate.enter(performance.now() + 1)).toBe(false);
  expect(gate.waiting).toBe(0);
  gate.leave();
  expect(gate.tryEnter()).toBe(true);
});

test('during exclusive work nobody enters; after it, also after one that fails, they do', async () => {
  const gate = new Gate(1);
  let waiting: Promise<boolean> | undefined;
  const work = gate.exclusively(async () => {
    expect(gate.tryEnter()).toBe(false);
    waiting = gate.enter(Infinity);
    await Promise.resolve();
    expect(gate.waiting).toBe(1);
    throw new Error('failed');
  });
  await expect(work).rejects.toThrow('failed');
  expect(await waiting).toBe(true);
});
