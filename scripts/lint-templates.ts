/** Synthesises each example and has cfn-lint judge its templates. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pythonEnvironment } from '../test/e2e/python';

const ROOT = join(__dirname, '..');
const EXAMPLES = join(ROOT, 'examples');

function main(): number {
  const python = pythonEnvironment('cfn-lint', join(__dirname, 'lint-templates', 'requirements.txt'));
  const examples = readdirSync(EXAMPLES).filter(name => existsSync(join(EXAMPLES, name, 'cdk.json')));
  const failing = examples.filter(name => !isClean(python, name));
  for (const name of failing) console.error(`examples/${name} has findings`);
  console.log(`${examples.length - failing.length} of ${examples.length} examples are clean`);
  return failing.length === 0 && examples.length > 0 ? 0 : 1;
}

function isClean(python: string, example: string): boolean {
  const assembly = mkdtempSync(join(tmpdir(), 'templates-'));
  try {
    run(join(ROOT, 'node_modules', '.bin', 'tsx'), [join(EXAMPLES, example, 'app.ts')], { CDK_OUTDIR: assembly, CDK_VALIDATION: 'false' });
    const templates = readdirSync(assembly).filter(file => file.endsWith('.template.json')).map(file => join(assembly, file));
    return templates.length > 0 && run(join(dirname(python), 'cfn-lint'), templates);
  } finally {
    rmSync(assembly, { recursive: true, force: true });
  }
}

function run(command: string, args: string[], environment: Record<string, string> = {}): boolean {
  return spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...environment } }).status === 0;
}

process.exitCode = main();
