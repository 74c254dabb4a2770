import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Checks } from './checks';
import { LocalCloud } from './local-cloud';
import { acceptance } from '../acceptance/acceptance';

const TSX = join(__dirname, '..', '..', 'node_modules', '.bin', 'tsx');
const MAIN = join(__dirname, '..', 'acceptance', 'main.ts');

/**
 * `npm run acceptance:aws` works: it deploys where it is told to, finds its answers where there are any, and leaves
 * nothing.
 */
export async function checkAcceptance(checks: Checks, cloud: LocalCloud): Promise<void> {
  const run = async (...args: string[]) =>
    promisify(execFile)(TSX, [MAIN, ...args], { env: cloud.environment, signal: cloud.signal });
  const before = await cloud.account();

  await checks.check(
    "the acceptance run for AWS refuses an account that is not named, or not the caller's",
    async () => {
      await assert.rejects(run(), { code: 2, stderr: /name the account by --account/ });
      await assert.rejects(run('--account', '111122223333'), {
        code: 2,
        stderr: /credentials are of account 000000000000/,
      });
      assert.match((await run('--help')).stdout, /US dollar/);
      assert.deepEqual(await cloud.account(), before);
    },
  );

  await checks.check('the acceptance run for AWS, here: deploys, asks, destroys', async () => {
    const lines: string[] = [];
    await acceptance(cloud, { databases: ['AcceptanceInstance'], patience: 1_000, print: line => lines.push(line) });
    const output = lines.join('\n');
    assert.match(output, /SCRAM verifier in the place of a password\?\n {2}yes/);
    assert.match(output, /Aurora PostgreSQL\?\n {2}not answered: AcceptanceAurora is not deployed/);
    assert.match(output, /source ARN when it invokes a rotation function\?\n {2}no: .*AWS:SourceArn/);
    assert.match(output, /gone afterwards\?\n {2}yes/);
    assert.match(output, /"Secret Label Updated" in this Region\?\n {2}none seen/);
    assert.doesNotMatch(output, /^cannot/m);
    assert.deepEqual((await cloud.account()).resources, before.resources);
  });
}
