import { join } from 'node:path';
import { FunctionProcess } from './function-process';

const FIXTURE = join(__dirname, 'fixtures', 'function.js');
let subject: FunctionProcess;
beforeEach(() => {
  subject = new FunctionProcess(FIXTURE, { GIVEN: 'yes' });
});
afterEach(async () => {
  await subject.stop();
});

test('answers with the result, and shows the function only the environment it is given', async () => {
  process.env.NOT_GIVEN = 'yes';
  const { environment } = (await subject.invoke({ does: 'answer' })) as { environment: string[] };
  expect(environment).toContain('GIVEN');
  expect(environment).not.toContain('NOT_GIVEN');
});

test('an error comes back as from Lambda, and its own properties are in the log', async () => {
  await expect(subject.invoke({ does: 'fail' })).rejects.toMatchObject({
    errorType: 'RangeError',
    errorMessage: 'as asked',
  });
  await subject.stop();
  expect(subject.output).toContain('asked to fail');
  expect(subject.output).toContain('hung on the error');
});

test('a process serves one invocation after the other; after a crash there is a new one', async () => {
  const pid = async () => ((await subject.invoke({ does: 'answer' })) as { pid: number }).pid;
  const before = await pid();
  expect(await pid()).toBe(before);
  await expect(subject.invoke({ does: 'exit' })).rejects.toMatchObject({ errorType: 'Runtime.ExitError' });
  expect(await pid()).not.toBe(before);
});

test('a kill from outside ends the invocation under way', async () => {
  const invocation = expect(subject.invoke({ does: 'hang' })).rejects.toMatchObject({
    errorType: 'Runtime.ExitError',
    errorMessage: expect.stringContaining('SIGKILL'),
  });
  subject.kill();
  await invocation;
});

test('after a crash the next process is there before it is asked for', async () => {
  const { pid } = (await subject.invoke({ does: 'answer' })) as { pid: number };
  subject.crash();
  const next = subject.pid;
  expect([undefined, pid]).not.toContain(next);
  expect(await subject.invoke({ does: 'answer' })).toMatchObject({ pid: next });
});

test('ends at its timeout', async () => {
  const short = new FunctionProcess(FIXTURE, {}, 0.1);
  await expect(short.invoke({ does: 'hang' })).rejects.toMatchObject({ errorType: 'Sandbox.Timedout' });
});

describe('with a clock that stands still', () => {
  let still: FunctionProcess;
  beforeEach(() => {
    still = new FunctionProcess(FIXTURE, {}, 60, 'stands still');
  });
  afterEach(() => still.stop());

  test('takes none of its time for what is slow', async () => {
    expect(await still.invoke({ does: 'work' })).toMatchObject({ remaining: 60_000 });
  });

  test('what waits has waited, and that took its time', async () => {
    expect(await still.invoke({ does: 'wait', milliseconds: 59_000 })).toMatchObject({ remaining: 1_000 });
  });

  test('reaches a limit when its time passes', async () => {
    const invocation = still.invoke({ does: 'limit', milliseconds: 59_000 });
    still.pass();
    expect(await invocation).toMatchObject({ aborted: 'TimeoutError' });
  });

  test('ends at its timeout when its time passes', async () => {
    const invocation = still.invoke({ does: 'hang' });
    still.pass();
    await expect(invocation).rejects.toMatchObject({ errorType: 'Sandbox.Timedout' });
  });
});
