/** One change of one place in a source file. */
export interface Mutant {
  /** What the instrumented code compares the active mutant with. */
  readonly id: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** The text of that line, without its indentation. */
  readonly context: string;
  /** The kind of change. */
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
}

export type Status = 'killed' | 'timeout' | 'survived' | 'not covered' | 'equivalent';

/** What became of a mutant. */
export interface Result {
  readonly mutant: Mutant;
  readonly status: Status;
  /** The first test that failed. */
  readonly killer?: string;
  /** How many test files that reach it did not run, for the effort was spent. */
  readonly left?: number;
  /** Why no test can tell it from the original. */
  readonly reason?: string;
}

/** In one line, for the eye and for comparisons. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
