import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './run';

/** Jest's options, as far as these scripts set them. */
interface JestOptions {
  readonly testMatch?: string[];
  readonly testPathIgnorePatterns?: string[];
  readonly moduleNameMapper?: Record<string, string>;
  readonly maxWorkers?: number;
  /** An empty one leaves out the PostgreSQL that the project's own set-up starts. */
  readonly globalSetup?: string;
  readonly globalTeardown?: string;
}
interface Where {
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** `npm test` is one run of jest; these are others. */
const ownConfiguration: JestOptions & Record<string, unknown> = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
).jest;

/** Runs jest with the project's configuration, but for what `options` say. */
export function jest(options: JestOptions, where?: Where): boolean {
  return start({ ...ownConfiguration, ...options }, where);
}

/** Runs jest once with the project's configuration in several variants. */
export function jestProjects(projects: (JestOptions & { displayName: string })[]): boolean {
  // Jest would have whatever stands beside `projects` win over what is in them.
  const { reporters: _, coverageReporters: __, maxWorkers, testTimeout, testSequencer, ...own } = ownConfiguration;
  const variants = projects.map(each => ({ ...own, rootDir: ROOT, ...each }));
  return start({ maxWorkers, testTimeout, testSequencer, projects: variants });
}

function start(options: object, { node = process.execPath, env }: Where = {}): boolean {
  const config = { ...options, rootDir: ROOT, reporters: ['default'] };
  const binary = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  return run(node, [binary, '--ci', '--config', JSON.stringify(config)], {
    env: { ...process.env, CDK_VALIDATION: 'false', ...env },
  });
}

/** Patterns for all tests below folders, those too that `npm test` leaves out. */
export function testsIn(...folders: string[]): Pick<JestOptions, 'testMatch' | 'testPathIgnorePatterns'> {
  return {
    testMatch: folders.map(folder => `<rootDir>/test/${folder}/**/*.test.ts`),
    testPathIgnorePatterns: ['/node_modules/'],
  };
}
