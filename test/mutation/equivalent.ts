import { type Mutant, oneLine } from './mutant';

/** A mutant that no test can kill, because the code does the same with it. */
export interface Equivalent {
  readonly file: string;
  /** The text of its line, where the original alone is not unique in the file. */
  readonly context?: string;
  /** White space does not count; an ellipsis at the end stands for the rest. */
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

/** Judged one by one. */
export const EQUIVALENTS: readonly Equivalent[] = [
  {
    file: 'src/database/admin-password.ts',
    original: "'managed by Amazon RDS'",
    replacement: '""',
    reason: 'a placeholder that settleAdminSecret() takes out again, so that no template has it',
  },
];

/** The entry for a mutant, if there is one. */
export function equivalentOf(mutant: Mutant, entries: readonly Equivalent[] = EQUIVALENTS): Equivalent | undefined {
  return entries.find(
    entry =>
      entry.file === mutant.file &&
      (entry.context === undefined || oneLine(entry.context) === oneLine(mutant.context)) &&
      oneLine(entry.replacement) === oneLine(mutant.replacement) &&
      matches(oneLine(entry.original), oneLine(mutant.original)),
  );
}

function matches(entry: string, original: string): boolean {
  return entry.endsWith('…') ? original.startsWith(entry.slice(0, -1)) : original === entry;
}
