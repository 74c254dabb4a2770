import { appendFileSync } from 'node:fs';

/** Tells a process which file takes the mutants that it reaches. */
export const COVERAGE_FILE = '__STRYKER_COVERAGE__';

/** Where the instrumented code of a realm keeps its state. */
export interface Realm {
  __stryker__?: object;
}

/**
 * Has the instrumented code of a realm append the id of each mutant that it reaches to a file: at once, for tests kill
 * processes, and once.
 */
export function recordCoverage(realm: Realm, file: string): void {
  const reached = new Set<string | symbol>();
  const counts = new Proxy(
    {},
    {
      set(_target, id) {
        if (!reached.has(id)) appendFileSync(file, `${String(id)}\n`);
        reached.add(id);
        return true;
      },
    },
  );
  realm.__stryker__ = { ...realm.__stryker__, mutantCoverage: { static: counts, perTest: {} } };
}
