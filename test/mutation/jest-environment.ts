import { join, relative } from 'node:path';
import { TestEnvironment } from 'jest-environment-node';
import { COVERAGE_FILE, type Realm, recordCoverage } from './record-coverage';

/** Names a directory, in which a file per test file takes the mutants that this reaches. */
export const COVERAGE_DIRECTORY = 'MUTATION_COVERAGE';

/** As far as it matters here. */
interface TestEvent {
  readonly name: string;
  readonly test?: { readonly errors: readonly unknown[]; mode?: 'skip' | 'only' | 'todo' | 'concurrent' | null };
}

/** Jest's own, which records what mutants a test file reaches, and ends a test file at its first failure. */
export default class MutationEnvironment extends TestEnvironment {
  private hasFailed = false;

  constructor(...[config, context]: ConstructorParameters<typeof TestEnvironment>) {
    super(config, context);
    const directory = process.env[COVERAGE_DIRECTORY];
    if (directory === undefined) return;
    const file = join(directory, encodeURIComponent(relative(config.projectConfig.rootDir, context.testPath)));
    this.global.process.env[COVERAGE_FILE] = file;
    recordCoverage(this.global as Realm, file);
  }

  handleTestEvent({ name, test }: TestEvent): void {
    if (!test) return;
    if (name === 'test_done') this.hasFailed ||= test.errors.length > 0;
    if (name === 'test_start' && this.hasFailed) test.mode = 'skip';
  }
}
