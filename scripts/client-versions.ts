/**
 * `npm run test:client-versions`: the client's tests with each minor of pg that it supports, and on each Node.js, or
 * with those that are named (`pg`, `8.11`, `node-24`). Where the client reads what pg keeps to itself, a minor may move
 * it. Installs them beside the project, on first use; `npm test` runs the newest pg on the Node.js at hand.
 */
import { join } from 'node:path';
import { jest, jestProjects, testsIn } from './jest';
import { install } from './run';

const NEWEST_MINOR = 22;
const PG = Array.from({ length: NEWEST_MINOR - 10 }, (_, index) => `8.${index + 11}`);
const NODE = ['node-22', 'node-24'];
/** What touches pg's inside: how connections are made, handed to its pool, and passed on as streams. */
const CLOSE_TO_PG = ['client/pool', 'client/stream', 'client/shared'];

/** One run of jest with a project for each minor. */
function testWithPg(minors: string[]): boolean {
  const aliases = Object.fromEntries(PG.map(minor => [`pg-${minor}`, `npm:pg@~${minor}.0`]));
  const modules = install('.client-versions/pg', aliases);
  return jestProjects(
    minors.map(minor => ({
      ...testsIn(...CLOSE_TO_PG),
      displayName: `pg ${minor}`,
      moduleNameMapper: { '^pg$': join(modules, `pg-${minor}`) },
    })),
  );
}

function testOnNode(version: string): boolean {
  const binary = `node-${process.platform}-${process.arch}`;
  const modules = install(`.client-versions/${version}`, { [binary]: version.replace('node-', '') });
  console.log(`== ${version}`);
  return jest({ testMatch: ['<rootDir>/test/client/**/*.test.ts'] }, { node: join(modules, binary, 'bin', 'node') });
}

const named = process.argv.slice(2);
const isChosen = (version: string) => named.length === 0 || named.includes(version);
const minors = PG.filter(minor => named.includes('pg') || isChosen(minor));
const failed = [
  ...(minors.length > 0 && !testWithPg(minors) ? ['pg'] : []),
  ...NODE.filter(version => isChosen(version) && !testOnNode(version)),
];
if (failed.length > 0) console.error(`failed with ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
