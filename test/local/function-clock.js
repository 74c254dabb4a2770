/** A clock that stands still, for a function's process: loaded before anything else in it. */
const timers = require('node:timers/promises');
const { install } = require('@sinonjs/fake-timers');

const STEP_MS = 250;

const yieldToOthers = setTimeout;
const clock = install({
  now: Date.now(),
  toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
});

AbortSignal.timeout = milliseconds => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException('The operation timed out', 'TimeoutError')), milliseconds);
  return controller.signal;
};

/** Who only waits has waited; a limit to something else, which keeps no process alive, is not yet reached. */
const limit = timers.setTimeout;
timers.setTimeout = async (milliseconds, value, options) => {
  if (options?.ref === false) return limit(milliseconds, value, options);
  await clock.tickAsync(milliseconds);
  return value;
};

process.on('message', async ({ pass = 0 }) => {
  for (let passed = 0; passed < pass; passed += STEP_MS) {
    await clock.tickAsync(STEP_MS);
    await new Promise(resolve => yieldToOthers(resolve, 1));
  }
});
