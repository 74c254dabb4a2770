/** A piece of a statement: source text, or an interpolated value (`atom`), which is left as it is. */
export interface Part {
  readonly text: string;
  readonly atom: boolean;
}

export type TokenKind =
  'atom' | 'string' | 'quoted' | 'parameter' | 'number' | 'keyword' | 'name' | 'cast' | 'operator' | 'punctuation';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** White space and comments before the token. */
  readonly before: string;
}

const SPACE = /(?:\s+|--[^\n]*\n|\/\*[^*]*\*\/)*/y;
const KINDS: readonly (readonly [TokenKind, RegExp])[] = [
  ['keyword', /[A-Z][A-Z_]*(?![A-Za-z0-9_])/],
  ['name', /[a-z_][a-z0-9_]*(?![A-Za-z0-9_])/],
  ['punctuation', /[()[\],.]/],
  ['string', /'(?:[^'\\]|'')*'/],
  ['quoted', /"[^"]+"/],
  ['parameter', /\$\d+/],
  ['number', /\d+/],
  ['cast', /::/],
  ['operator', /[+\-*/<>=~!@#%^&|`?]+/],
];
/** One expression with a group for each kind, because a cold start must be quick. */
const TOKEN = new RegExp(KINDS.map(([, { source }]) => `(${source})`).join('|'), 'y');

/**
 * Splits a statement into tokens.
 *
 * @throws RangeError for anything else: an escape, a semicolon, a name in mixed case
 */
export function tokenize(parts: readonly Part[]): Token[] {
  const tokens: Token[] = [];
  let before = '';
  for (const { text, atom } of parts) {
    if (atom) {
      tokens.push({ kind: 'atom', text, before });
      before = '';
      continue;
    }
    for (let at = 0; ;) {
      const space = match(SPACE, text, at)?.[0] ?? '';
      before += space;
      at += space.length;
      if (at === text.length) break;
      const found = match(TOKEN, text, at);
      if (!found) throw new RangeError(`no SQL that can be qualified: ${text.slice(at, at + 40)}`);
      const [kind] = KINDS[found.findIndex((group, index) => index > 0 && group !== undefined) - 1];
      tokens.push({ kind, text: found[0], before });
      at += found[0].length;
      before = '';
    }
  }
  if (before.trim() !== '') throw new RangeError('a statement ends with a comment');
  return tokens;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
