/**
 * `npm run lint:templates`: cfn-lint and checkov judge the templates of the examples, as they are committed. A test
 * holds these to what the examples synthesise.
 */
import { dirname, join } from 'node:path';
import { examples, templates } from './examples';
import { ROOT, run } from './run';
import { pythonEnvironment } from '../test/e2e/python';

const files = templates(join(ROOT, 'test', 'examples', 'templates'));

/** What makes a judge look at all templates. Each has an environment of its own: they need different packages. */
const JUDGES: Record<string, string[]> = {
  'cfn-lint': files,
  checkov: [
    ...['--framework', 'cloudformation', '--compact', '--quiet', '--skip-download'],
    ...files.flatMap(file => ['--file', file]),
  ],
};

function hasNoFindings([name, args]: [string, string[]]): boolean {
  const python = pythonEnvironment(name, join(__dirname, 'lint-templates', `${name}.txt`));
  const clean = run(join(dirname(python), name), args);
  console.log(`${name}: ${clean ? 'no findings' : 'findings'} in ${files.length} templates`);
  return clean;
}

const verdicts = Object.entries(JUDGES).map(hasNoFindings);
process.exitCode = verdicts.every(clean => clean) && files.length >= examples().length ? 0 : 1;
