/** Changes of a statement's text, each made at every place where it fits. */
const EDITS: readonly (readonly [from: RegExp, to: string])[] = [
  [/\bWHERE\b/g, 'WHERE true OR'],
  [/\bAND\b/g, 'OR'],
  [/\bOR\b(?! REPLACE)/g, 'AND'],
  [/(?<!\b(?:IF|IS) )\bNOT (?!NULL\b)/g, ''],
  [/\bIS NULL\b/g, 'IS NOT NULL'],
  [/\bIS NOT NULL\b/g, 'IS NULL'],
  [/\btrue\b/gi, 'false'],
  [/\bfalse\b/gi, 'true'],
  [/<>/g, '='],
  [/(?<=SELECT[^;]*)(?<![<>!:=])=(?!>)/g, '<>'],
  [/(?<=SELECT[^;]*)(?<![-<=])>(?!=)/g, '<='],
  [/(?<=SELECT[^;]*)<(?![=>])/g, '>='],
  [/\bLOGIN\b/g, 'NOLOGIN'],
  [/\bNOLOGIN\b/g, 'LOGIN'],
  [/\bNOINHERIT\b/g, 'INHERIT'],
  [/ WITH ADMIN OPTION\b/g, ''],
  [/ FOR (?:UPDATE|SHARE)\b/g, ''],
  [/ LIMIT 1\b/g, ''],
  [/\bCASCADE\b/g, 'RESTRICT'],
];
const STATEMENT = /\b(?:SELECT|WHERE|FROM|ALTER|CREATE|DROP|GRANT|REVOKE|SET|REASSIGN|COMMENT|(?:NO)?LOGIN)\b/;

/** One change of a text. */
export interface SqlEdit {
  readonly at: number;
  readonly original: string;
  readonly replacement: string;
  /** The whole text with it. */
  readonly text: string;
}

/** Each change that can be made in a text; none where it is no SQL. */
export function sqlEdits(text: string): SqlEdit[] {
  if (!STATEMENT.test(text)) return [];
  return EDITS.flatMap(([from, replacement]) =>
    [...text.matchAll(from)].map(({ index, 0: original }) => ({
      at: index,
      original,
      replacement,
      text: text.slice(0, index) + replacement + text.slice(index + original.length),
    })),
  );
}
