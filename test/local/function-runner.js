/**
 * The inside of a function's process: loads the bundle, answers invocations, one at a time, as the Lambda runtime does.
 * Started by function-process.ts with the bundle's path as its argument. JavaScript, because a loader of TypeScript doubles the
 * time that a process takes to start, and some tests start hundreds.
 */
const { randomUUID } = require('node:crypto');

/** Loaded before the first invocation comes, as in Lambda; what fails here is told by that. */
const loading = Promise.resolve(process.argv[2]).then(require);
loading.catch(() => undefined);

process.on('message', ({ event, functionArn, deadline }) => {
  const context = { awsRequestId: randomUUID(), invokedFunctionArn: functionArn, getRemainingTimeInMillis: () => deadline - Date.now() };
  void answer(event, context).then(outcome => process.send(outcome));
});
process.on('disconnect', () => process.exit());

async function answer(event, context) {
  try {
    const { handler } = await loading;
    return { result: await handler(event, context) };
  } catch (error) {
    return failure(error);
  }
}

/** Lambda logs an error's own properties with it: whatever a driver hangs on its errors gets into the log. */
function failure(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error) };
  const outcome = { errorType: error.name, errorMessage: error.message };
  console.error('Invoke Error', JSON.stringify({ ...outcome, ...error, stack: error.stack?.split('\n') }));
  return outcome;
}
