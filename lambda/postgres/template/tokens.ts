/** A piece of a statement: source text, or a value that stands as it is. */
export interface Part {
  readonly text: string;
  readonly atom: boolean;
}

export type TokenKind =
  'atom' | 'string' | 'quoted' | 'parameter' | 'number' | 'keyword' | 'name' | 'cast' | 'operator' | 'punctuation';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** White space and comments in front of it. */
  readonly before: string;
}

const SPACE = /(?:\s+|--[^\n]*\n|\/\*[^*]*\*\/)*/y;
const KINDS: readonly (readonly [TokenKind, RegExp])[] = [
  ['string', /'(?:[^'\\]|'')*'/y],
  ['quoted', /"[^"]+"/y],
  ['parameter', /\$\d+/y],
  ['number', /\d+/y],
  ['keyword', /[A-Z][A-Z_]*(?![A-Za-z0-9_])/y],
  ['name', /[a-z_][a-z0-9_]*(?![A-Za-z0-9_])/y],
  ['cast', /::/y],
  ['operator', /[+\-*/<>=~!@#%^&|`?]+/y],
  ['punctuation', /[()[\],.]/y],
];

/**
 * The tokens of a statement.
 *
 * @throws RangeError at anything else: an escape, a semicolon, a name in mixed case
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
      const space = match(SPACE, text, at) ?? '';
      before += space;
      at += space.length;
      if (at === text.length) break;
      const token = tokenAt(text, at);
      if (!token) throw new RangeError(`no SQL that can be qualified: ${text.slice(at, at + 40)}`);
      tokens.push({ ...token, before });
      at += token.text.length;
      before = '';
    }
  }
  if (before.trim() !== '') throw new RangeError('a statement ends with a comment');
  return tokens;
}

function tokenAt(text: string, at: number): Omit<Token, 'before'> | undefined {
  for (const [kind, pattern] of KINDS) {
    const found = match(pattern, text, at);
    if (found !== undefined) return { kind, text: found };
  }
  return undefined;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
