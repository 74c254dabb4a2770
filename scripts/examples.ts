import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const EXAMPLES = join(ROOT, 'examples');

/** The examples that are CDK apps. */
export function examples(): string[] {
  return readdirSync(EXAMPLES).filter(name => existsSync(join(EXAMPLES, name, 'cdk.json')));
}

/** Synthesises an example into its own `cdk.out`, and returns that, or nothing where it failed. */
export function synthesise(example: string): string | undefined {
  const assembly = join(EXAMPLES, example, 'cdk.out');
  const { status } = spawnSync(join(ROOT, 'node_modules', '.bin', 'tsx'), [join(EXAMPLES, example, 'app.ts')], {
    stdio: 'inherit',
    env: { ...process.env, CDK_OUTDIR: assembly, CDK_VALIDATION: 'false' },
  });
  return status === 0 ? assembly : undefined;
}

/** The templates of an assembly, those of its stages as well. */
export function templates(assembly: string): string[] {
  return readdirSync(assembly, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.template.json'))
    .map(file => join(assembly, file));
}
