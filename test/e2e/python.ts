import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/**
 * The Python of a virtual environment with these requirements: made in .venv/ at the first run, and when they change.
 */
export function pythonEnvironment(name: string, requirements: string): string {
  const directory = join(ROOT, '.venv', name);
  const python = join(directory, 'bin', 'python');
  const installed = join(directory, 'requirements.txt');
  if (
    existsSync(python) &&
    existsSync(installed) &&
    readFileSync(installed, 'utf8') === readFileSync(requirements, 'utf8')
  ) {
    return python;
  }

  console.log(`installs ${requirements.slice(ROOT.length + 1)} into .venv/${name}`);
  rmSync(directory, { recursive: true, force: true });
  run(
    [process.env.PYTHON ?? 'python3', '-m', 'venv', directory],
    'This needs Python 3.10 or later with its venv module (Debian and Ubuntu: apt install ' +
      'python3-venv). PYTHON may name it.',
  );
  run(
    [
      python,
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-compile',
      '--disable-pip-version-check',
      '--requirement',
      requirements,
    ],
    'Python packages cannot be installed; ministack needs Python 3.10 or later.',
  );
  copyFileSync(requirements, installed);
  return python;
}

function run([command, ...args]: string[], advice: string): void {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${advice}\n${error?.message ?? stdout + stderr}`);
}
