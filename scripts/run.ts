import { spawnSync, SpawnSyncOptions } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..');

/** Runs a command where everybody sees what it says. */
export function run(command: string, args: string[], options: SpawnSyncOptions = {}): boolean {
  return spawnSync(command, args, { stdio: 'inherit', cwd: ROOT, ...options }).status === 0;
}

/** Installs packages into a folder of their own beside the project, on first use, and returns their `node_modules`. */
export function install(folder: string, dependencies: Record<string, string>): string {
  const directory = join(ROOT, folder);
  const manifest = JSON.stringify({ private: true, dependencies });
  const file = join(directory, 'package.json');
  const isInstalled = existsSync(join(directory, 'node_modules')) && readFileSync(file, 'utf8') === manifest;
  if (!isInstalled) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, manifest);
    const done = run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], { cwd: directory });
    if (!done) throw new Error(`cannot install into ${folder}`);
  }
  return join(directory, 'node_modules');
}
