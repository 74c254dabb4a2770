import { QueryQualifier } from './qualify-query';
import { type Part, tokenize, type TokenKind } from './tokens';

const QUERIES = new Set(['SELECT', 'WITH']);
const COMMANDS = new Set([
  'ALTER',
  'BEGIN',
  'COMMENT',
  'COMMIT',
  'CREATE',
  'DROP',
  'GRANT',
  'REASSIGN',
  'REVOKE',
  'ROLLBACK',
  'SET',
]);
const IN_COMMANDS: readonly TokenKind[] = ['atom', 'string', 'quoted', 'number', 'keyword', 'name'];

/**
 * The text of a statement in which no name is looked up by the search path. Queries are qualified. Commands may contain
 * only keywords, names and texts, so that they contain nothing to look up except what their author has qualified.
 *
 * @throws RangeError when the statement contains something that cannot be qualified
 */
export function qualify(parts: readonly Part[]): string {
  const tokens = tokenize(parts);
  const verb = tokens[0]?.kind === 'keyword' ? tokens[0].text : '';
  if (QUERIES.has(verb)) return new QueryQualifier(tokens).text();
  if (!COMMANDS.has(verb)) throw new RangeError(`a statement cannot begin like this: ${verb}`);
  const foreign = tokens.find(
    ({ kind, text }) => !IN_COMMANDS.includes(kind) && !(kind === 'punctuation' && (text === ',' || text === '.')),
  );
  if (foreign) throw new RangeError(`${verb}: "${foreign.text}" cannot be qualified in a command`);
  return parts.map(({ text }) => text).join('');
}
