import { GAP, type Literal, literals, parse } from './literals';
import type { Mutant } from './mutant';
import { sqlEdits } from './sql-edits';
import { isWithin, textsForPeople } from './texts';

/** A literal with one change. */
interface Variant {
  readonly id: string;
  readonly text: string;
}

/** The mutants of the statements in one file, and how they get into it. */
export interface SqlMutants {
  readonly mutants: readonly Mutant[];
  /** Takes the source as the instrumenter left it, in which a literal may stand several times. */
  write(instrumented: string): string;
}

/** Finds the statements in a source. The ids of the mutants begin with the prefix. */
export function sqlMutants(file: string, content: string, prefix: string): SqlMutants {
  const source = parse(file, content);
  const texts = textsForPeople(source);
  const lines = content.split('\n');
  const mutants: Mutant[] = [];
  const variants = new Map<string, Variant[]>();
  for (const literal of literals(source)) {
    if (variants.has(literal.text) || isWithin(texts, literal)) continue;
    const own = sqlEdits(literal.text).map(({ at, original, replacement, text }) => {
      const id = `${prefix}${mutants.length}`;
      const line = source.getLineAndCharacterOfPosition(positionOf(literal, at)).line;
      mutants.push({ id, file, line: line + 1, context: lines[line].trim(), mutator: 'Sql', original, replacement });
      return { id, text };
    });
    variants.set(literal.text, own);
  }
  return { mutants, write: instrumented => written(file, instrumented, variants) };
}

/** Where in the source a place of the literal's text is. */
function positionOf({ start, text, substitutions }: Literal, at: number): number {
  const before = text.slice(0, at).split(GAP).length - 1;
  const skipped = substitutions.slice(0, before).reduce((sum, range) => sum + range.end - range.start - GAP.length, 0);
  return start + at + skipped;
}

/** Has each literal choose between its variants, by the functions that the instrumenter puts into a source. */
function written(file: string, instrumented: string, variants: ReadonlyMap<string, readonly Variant[]>): string {
  const all = literals(parse(file, instrumented));
  const render = (start: number, end: number): string => {
    const next = all.find(literal => literal.start - literal.tag.length >= start && literal.end <= end);
    if (!next) return instrumented.slice(start, end);
    const before = instrumented.slice(start, next.start - next.tag.length);
    return before + choice(next) + render(next.end, end);
  };
  const choice = ({ text, substitutions, tag }: Literal): string => {
    const gaps = substitutions.map(range => render(range.start, range.end));
    const filled = (raw: string) => tag + raw.split(GAP).reduce((sum, part, index) => sum + gaps[index - 1] + part);
    const own = variants.get(text) ?? [];
    if (own.length === 0) return filled(text);
    const tests = own.map(variant => `stryMutAct_9fa48("${variant.id}") ? ${filled(variant.text)} : `).join('');
    return `(${tests}(stryCov_9fa48(${own.map(({ id }) => `"${id}"`).join(', ')}), ${filled(text)}))`;
  };
  const text = render(0, instrumented.length);
  const lost = [...variants.values()].flat().find(({ id }) => !text.includes(`stryMutAct_9fa48("${id}")`));
  if (lost) throw new Error(`${file}: the mutant ${lost.id} found no place`);
  return text;
}
