/** `npm run lint:templates`: synthesises each example and has cfn-lint and checkov judge its templates. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { examples, synthesise, templates } from './examples';
import { pythonEnvironment } from '../test/e2e/python';

/** The judges, each in an environment of its own: they want different versions of the same packages. */
const [cfnLint, checkov] = ['cfn-lint', 'checkov'].map(name => {
  const python = pythonEnvironment(name, join(__dirname, 'lint-templates', `${name}.txt`));
  return join(dirname(python), name);
});

function isClean(example: string): boolean {
  const assembly = synthesise(example);
  if (!assembly) return false;
  const files = templates(assembly);
  const judged = [
    run(cfnLint, files),
    run(checkov, [
      '--framework',
      'cloudformation',
      '--compact',
      '--quiet',
      '--skip-download',
      ...files.flatMap(file => ['--file', file]),
    ]),
  ];
  return files.length > 0 && judged.every(clean => clean);
}

function run(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0;
}

const all = examples();
const failing = all.filter(name => !isClean(name));
for (const name of failing) console.error(`examples/${name} has findings`);
console.log(`${all.length - failing.length} of ${all.length} examples are clean`);
process.exitCode = failing.length === 0 && all.length > 0 ? 0 : 1;
