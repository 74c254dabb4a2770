import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModule, parseSync } from 'libpg-query';
import { terminate } from '../../../../lambda/postgres/sql/end-sessions';
import { stillCommented } from '../../../../lambda/postgres/sql/fence-change';
import { readGrants } from '../../../../lambda/postgres/sql/read-clone-grants';
import { Sql } from '../../../../lambda/postgres/template/sql';

const FOLDER = join(__dirname, '../../../../lambda/postgres/sql');
/** What is made at run time, by its file. */
const MADE: Readonly<Record<string, readonly Sql[]>> = {
  'end-sessions.ts': [terminate('app')],
  'fence-change.ts': [
    stillCommented({ name: 'app', comment: "somebody's" }),
    stillCommented({ name: 'app', comment: null }),
  ],
  'read-clone-grants.ts': [readGrants(140_000), readGrants(150_000)],
};

/** A tree without positions, and without the schema of PostgreSQL's own. */
function unqualified(tree: unknown): unknown {
  if (Array.isArray(tree)) {
    const isSchema = (node: unknown) => JSON.stringify(node) === '{"String":{"sval":"pg_catalog"}}';
    return tree.filter((node, index) => !(index === 0 && tree.length === 2 && isSchema(node))).map(unqualified);
  }
  if (typeof tree !== 'object' || tree === null) return tree;
  const fields = Object.entries(tree).filter(
    ([name, value]) =>
      !/^location$|_location$|^list_start$|^list_end$|^stmt_len$/.test(name) &&
      !(name === 'schemaname' && value === 'pg_catalog'),
  );
  return Object.fromEntries(fields.map(([name, value]) => [name, unqualified(value)]));
}

function statementsIn(file: string): Sql[] {
  const constants = Object.values(jest.requireActual<object>(join(FOLDER, file))).filter(
    (value): value is Sql => value instanceof Sql,
  );
  return [...constants.filter(({ plain }) => /^\s*(SELECT|WITH)\b/.test(plain)), ...(MADE[file] ?? [])];
}

const files = readdirSync(FOLDER);

beforeAll(loadModule);

test.each(files)('the statements of %s mean the same qualified', file => {
  const statements = statementsIn(file);
  const source = readFileSync(join(FOLDER, file), 'utf8');
  // Of which one file has rows that are added to a statement of its own.
  const queries = [...source.matchAll(/(?:=|return|\[) sql`\s*(?:SELECT|WITH)\b/g)];
  expect(statements.length).toBeGreaterThanOrEqual(queries.length - (file === 'read-clone-grants.ts' ? 1 : 0));
  for (const { plain, text } of statements) {
    expect(unqualified(parseSync(text))).toEqual(unqualified(parseSync(plain)));
    expect(text).not.toBe(plain);
  }
});

test('there are statements to compare', () => {
  expect(files.flatMap(statementsIn).length).toBeGreaterThan(20);
});

test('an operator with its schema has another precedence, which is why the template asks for parentheses', () => {
  const [plain, qualified] = ['a = b || c', 'a OPERATOR(pg_catalog.=) b OPERATOR(pg_catalog.||) c'];
  expect(unqualified(parseSync(`SELECT ${qualified}`))).not.toEqual(unqualified(parseSync(`SELECT ${plain}`)));
});
