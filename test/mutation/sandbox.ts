import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { subjectsAmong } from './files';
import { instrument, type Instrumented } from './instrument';

const ROOT = join(__dirname, '..', '..');

/** The sandbox's folder for what tests leave behind. */
export const TEMPORARY = 'tmp';

/** A copy of the project whose sources, and the functions bundled from them, hold the mutants. */
export interface Sandbox extends Instrumented {
  readonly directory: string;
  remove(): void;
}

/** Makes one of what is committed or about to be; `only` says which of the subjects get mutants. */
export async function createSandbox(only: RegExp): Promise<Sandbox> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'mutation-')));
  chmodSync(directory, 0o755); // PostgreSQL does not run as root
  mkdirSync(join(directory, TEMPORARY));
  const files = listFiles();
  for (const file of files) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    cpSync(join(ROOT, file), join(directory, file), { verbatimSymlinks: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));

  const subjects = subjectsAmong(files).filter(file => only.test(file));
  const sources = new Map(subjects.map(file => [file, readFileSync(join(ROOT, file), 'utf8')]));
  const instrumented = await instrument(sources);
  for (const [file, content] of instrumented.files) writeFileSync(join(directory, file), content);
  bundle(directory);
  return { ...instrumented, directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

function listFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  return listed
    .toString()
    .split('\0')
    .filter(file => file !== '' && existsSync(join(ROOT, file)));
}

interface Tasks {
  readonly tasks: Readonly<Record<string, { readonly steps?: readonly { readonly execArgs?: readonly string[] }[] }>>;
}

/** Runs the project's own bundling tasks; each bundle records its coverage when it is asked to. */
function bundle(directory: string): void {
  const { tasks } = JSON.parse(readFileSync(join(directory, '.projen/tasks.json'), 'utf8')) as Tasks;
  const commands = Object.entries(tasks).flatMap(([name, { steps = [] }]) =>
    name.startsWith('bundle:') ? steps.flatMap(({ execArgs }) => (execArgs ? [execArgs] : [])) : [],
  );
  if (commands.length === 0) throw new Error('.projen/tasks.json has no bundling task');
  for (const [command, ...options] of commands) {
    const binary = join(directory, 'node_modules/.bin', command);
    execFileSync(binary, [...options, '--inject:test/mutation/record-in-bundle.ts', '--log-level=error'], {
      cwd: directory,
      stdio: 'inherit',
    });
  }
}
