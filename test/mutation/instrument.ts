import { parse } from './literals';
import type { Mutant } from './mutant';
import { sqlMutants } from './sql-mutants';
import { isWithin, textsForPeople } from './texts';

/** Sources that hold all their mutants, of which an environment variable makes one active. */
export interface Instrumented {
  readonly mutants: readonly Mutant[];
  /** Content by file. */
  readonly files: ReadonlyMap<string, string>;
  /** How many strings that speak to people were left as they are. */
  readonly texts: number;
}

/** The variable that the instrumented code reads. */
export const ACTIVE_MUTANT = '__STRYKER_ACTIVE_MUTANT__';

/** Puts Stryker's mutants and those of the SQL into sources, given as content by file. */
export async function instrument(sources: ReadonlyMap<string, string>): Promise<Instrumented> {
  const { Instrumenter } = await import('@stryker-mutator/instrumenter');
  const input = [...sources].map(([name, content]) => ({ name, content, mutate: true }));
  const result = await new Instrumenter(SILENT).instrument(input, {
    plugins: null,
    excludedMutations: [],
    ignorers: [],
  });

  const mutants: Mutant[] = [];
  const files = new Map<string, string>();
  let texts = 0;
  for (const [number, { name: file, content }] of result.files.entries()) {
    const original = sources.get(file)!;
    const source = parse(file, original);
    const forPeople = textsForPeople(source);
    const lines = original.split('\n');
    for (const { id, fileName, location, mutatorName: mutator, replacement } of result.mutants) {
      if (fileName !== file) continue;
      const [start, end] = [location.start, location.end].map(({ line, column }) =>
        source.getPositionOfLineAndCharacter(line, column),
      );
      if (mutator === 'StringLiteral' && isWithin(forPeople, { start, end })) {
        texts += 1;
        continue;
      }
      const line = location.start.line;
      const context = lines[line].trim();
      mutants.push({ id, file, line: line + 1, context, mutator, original: original.slice(start, end), replacement });
    }
    // A source without a mutant of Stryker's lacks the functions that choose one.
    const isInstrumented = content.includes('function stryMutAct_9fa48');
    const sql = isInstrumented && file.startsWith('lambda/') ? sqlMutants(file, original, `sql${number}.`) : undefined;
    mutants.push(...(sql?.mutants ?? []));
    files.set(file, sql?.write(content) ?? content);
  }
  return { mutants, files, texts };
}

const no = () => false;
const nothing = () => undefined;
const SILENT = {
  isTraceEnabled: no,
  isDebugEnabled: no,
  isInfoEnabled: no,
  isWarnEnabled: no,
  isErrorEnabled: no,
  isFatalEnabled: no,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
};
