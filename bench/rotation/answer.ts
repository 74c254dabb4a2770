/**
 * The inside of our function's process: the bundle that its argument names, behind the benchmark's protocol of lines
 * (subject.ts). Plain Node.js when it runs, for a TypeScript loader would count as the function's.
 */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import type { Context } from 'aws-lambda';
import type { Answer } from './subject';
import { FUNCTION_ARN } from '../../test/local/function-arn';

const TIMEOUT_MS = 30_000;

const [, , bundle] = process.argv;
process.stdout.write = process.stderr.write.bind(process.stderr); // what the function logs is no answer
const { handler } = createRequire(bundle)(bundle) as {
  handler(event: unknown, context: Partial<Context>): Promise<unknown>;
};

async function answer(line: string): Promise<Answer> {
  const deadline = Date.now() + TIMEOUT_MS;
  try {
    await handler(JSON.parse(line), {
      awsRequestId: randomUUID(),
      invokedFunctionArn: FUNCTION_ARN,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    });
    return {};
  } catch (error) {
    return { error: String(error) };
  }
}

createInterface({ input: process.stdin }).on('line', line => {
  void answer(line).then(result => writeSync(1, `${JSON.stringify(result)}\n`));
});
