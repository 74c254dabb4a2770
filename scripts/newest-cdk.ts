/**
 * Runs the tests of the constructs with the newest aws-cdk-lib and constructs, and with cdk-nag 3, which needs them:
 * the development dependencies are the lowest versions that are supported. Installs the newest beside the project and
 * has jest resolve to them.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const NEWEST = join(ROOT, '.newest-cdk');
const PACKAGES = ['aws-cdk-lib', 'constructs', 'cdk-nag'];

function run(command: string, args: string[], cwd: string): void {
  const { status } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, CDK_VALIDATION: 'false' },
  });
  if (status !== 0) process.exit(status ?? 1);
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(join(NEWEST, 'node_modules', name, 'package.json'), 'utf8')).version;
}

mkdirSync(NEWEST, { recursive: true });
writeFileSync(join(NEWEST, 'package.json'), JSON.stringify({ private: true }));
run(
  'npm',
  ['install', '--no-package-lock', '--no-audit', '--no-fund', 'aws-cdk-lib@2', 'constructs@10', 'cdk-nag@3'],
  NEWEST,
);
console.log(PACKAGES.map(name => `${name} ${versionOf(name)}`).join(', '));

const { jest } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const moduleNameMapper = Object.fromEntries(
  PACKAGES.map(name => [`^${name}(/.*)?$`, `${join(NEWEST, 'node_modules', name)}$1`]),
);
const config = {
  ...jest,
  rootDir: ROOT,
  moduleNameMapper,
  reporters: ['default'],
  globalSetup: undefined,
  globalTeardown: undefined,
};
run('npx', ['jest', '--ci', '--config', JSON.stringify(config), 'test/src', 'test/examples'], ROOT);
