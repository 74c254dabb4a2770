/**
 * `npm run test:newest-cdk`: the tests of the constructs with the newest aws-cdk-lib and constructs, and with cdk-nag
 * 3, which needs them: the development dependencies are the lowest versions that are supported. Installs the newest
 * beside the project and has jest resolve to them.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jest, testsIn } from './jest';
import { install, ROOT } from './run';

const FOLDER = '.newest-cdk';
const PACKAGES = ['aws-cdk-lib', 'constructs', 'cdk-nag'];

rmSync(join(ROOT, FOLDER), { recursive: true, force: true }); // what was the newest may not be any more
const modules = install(FOLDER, { 'aws-cdk-lib': '2', constructs: '10', 'cdk-nag': '3' });
const versionOf = (name: string) => JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version;
console.log(PACKAGES.map(name => `${name} ${versionOf(name)}`).join(', '));

const passed = jest({
  ...testsIn('src', 'examples'),
  moduleNameMapper: Object.fromEntries(PACKAGES.map(name => [`^${name}(/.*)?$`, `${join(modules, name)}$1`])),
  globalSetup: undefined, // no PostgreSQL
  globalTeardown: undefined,
});
process.exitCode = passed ? 0 : 1;
