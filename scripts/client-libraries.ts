/** `npm run test:client-libraries`: the client with the libraries of examples/client, as npm installs them there. */
import { join } from 'node:path';
import { jest, testsIn } from './jest';
import { ROOT, run } from './run';

const EXAMPLES = join(ROOT, 'examples', 'client');

const passed =
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: EXAMPLES }) &&
  run('npx', ['tsc', '-p', EXAMPLES]) &&
  jest(testsIn('client/libraries'));
process.exitCode = passed ? 0 : 1;
