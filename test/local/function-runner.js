/**
 * The inside of a function's process: loads the bundle, answers invocations, one at a time, as the Lambda runtime does.
 * Started by function-process.ts with the bundle's path as its argument. JavaScript, because a loader of TypeScript
 * doubles the time that a process takes to start, and some tests start hundreds.
 */
const { randomUUID } = require('node:crypto');

/** Loaded before the first invocation comes, as in Lambda; what fails here is told by that. */
const loading = Promise.resolve(process.argv[2]).then(require);
loading.catch(() => undefined);

process.on('message', message => {
  if ('event' in message) void answer(message).then(outcome => process.send(outcome));
});
process.on('disconnect', () => process.exit());

async function answer({ event, functionArn, milliseconds }) {
  let timer;
  try {
    const { handler } = await loading;
    const deadline = Date.now() + milliseconds;
    const getRemainingTimeInMillis = () => deadline - Date.now();
    const over = new Promise(resolve => {
      timer = setTimeout(resolve, milliseconds, timedOut(milliseconds));
    });
    const context = { awsRequestId: randomUUID(), invokedFunctionArn: functionArn, getRemainingTimeInMillis };
    return await Promise.race([over, handler(event, context).then(result => ({ result }))]);
  } catch (error) {
    return failure(error);
  } finally {
    clearTimeout(timer);
  }
}

/** In Lambda's words. */
function timedOut(milliseconds) {
  return { errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${(milliseconds / 1000).toFixed(2)} seconds` };
}

/** Lambda logs an error's own properties with it: whatever a driver hangs on its errors gets into the log. */
function failure(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  const outcome = { errorType: error.name, errorMessage: error.message };
  console.error('Invoke Error', JSON.stringify({ ...outcome, ...error, stack: error.stack?.split('\n') }));
  return outcome;
}
