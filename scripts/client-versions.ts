/**
 * Runs the client's tests with each minor of pg that it supports, and on each Node.js. Where the client reads what pg
 * keeps to itself, a minor may move it. Installs them beside the project, on first use; `npm test` runs the newest pg
 * on the Node.js at hand.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const INSTALLED = join(ROOT, '.client-versions');
const NEWEST_MINOR = 22;
const PG = Array.from({ length: NEWEST_MINOR - 10 }, (_, index) => `8.${index + 11}`);
const NODE = ['22', '24'];
/** What touches pg's inside: how connections are made, handed to its pool, and passed on as streams. */
const CLOSE_TO_PG = 'test/client/(pool|replacement|scram|stream|logged-in-stream)\\.test';

function run(command: string, args: string[], cwd: string): boolean {
  return spawnSync(command, args, { stdio: 'inherit', cwd }).status === 0;
}

function install(name: string, dependencies: Record<string, string>): string {
  const directory = join(INSTALLED, name);
  const manifest = JSON.stringify({ private: true, dependencies });
  const isInstalled =
    existsSync(join(directory, 'node_modules')) && readFileSync(join(directory, 'package.json'), 'utf8') === manifest;
  if (!isInstalled) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), manifest);
    if (!run('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], directory)) {
      throw new Error(`cannot install ${name}`);
    }
  }
  return join(directory, 'node_modules');
}

function testWithPg(minor: string): boolean {
  const modules = install('pg', Object.fromEntries(PG.map(each => [`pg-${each}`, `npm:pg@~${each}.0`])));
  console.log(`== pg ${minor}`);
  return run(
    'npx',
    ['jest', '--ci', CLOSE_TO_PG, '--moduleNameMapper', JSON.stringify({ '^pg$': join(modules, `pg-${minor}`) })],
    ROOT,
  );
}

function testOnNode(major: string): boolean {
  const binary = `node-${process.platform}-${process.arch}`;
  const node = join(install(`node-${major}`, { [binary]: major }), binary, 'bin', 'node');
  console.log(`== Node.js ${major}`);
  return run(node, [join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'), '--ci', 'test/client'], ROOT);
}

const failed = [
  ...PG.filter(minor => !testWithPg(minor)).map(minor => `pg ${minor}`),
  ...NODE.filter(major => !testOnNode(major)).map(major => `Node.js ${major}`),
];
if (failed.length > 0) console.error(`failed with ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
