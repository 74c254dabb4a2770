import { sqlMutants } from './sql-mutants';

const PRELUDE = `
  const stryMutAct_9fa48 = id => id === active;
  const stryCov_9fa48 = (...ids) => reached.push(...ids);
`;

/** The value of an expression with that mutant active, and what was reached. */
function valueOf(source: string, active?: string): { value: unknown; reached: string[] } {
  const reached: string[] = [];
  const { write } = sqlMutants('a.ts', `run(${source});`, 'm');
  let value: unknown;
  const run = (given: unknown) => (value = given);
  new Function('active', 'reached', 'run', PRELUDE + write(`run(${source});`))(active, reached, run);
  return { value, reached };
}
const mutantsOf = (source: string) =>
  sqlMutants('a.ts', source, 'm').mutants.map(({ original, replacement }) => `${original} > ${replacement}`);

test('a statement is changed at one place at a time', () => {
  const source = "'SELECT FROM x WHERE a AND b IS NULL'";
  expect(mutantsOf(`run(${source})`)).toEqual(['WHERE > WHERE true OR', 'AND > OR', 'IS NULL > IS NOT NULL']);
  expect(valueOf(source)).toEqual({ value: 'SELECT FROM x WHERE a AND b IS NULL', reached: ['m0', 'm1', 'm2'] });
  expect(valueOf(source, 'm0').value).toBe('SELECT FROM x WHERE true OR a AND b IS NULL');
  expect(valueOf(source, 'm2').value).toBe('SELECT FROM x WHERE a AND b IS NOT NULL');
});

test('what a template substitutes is no SQL, but a statement in it is', () => {
  const source = "`ALTER ROLE ${1 > 2 ? 'SELECT true' : 'x'} NOLOGIN${''}`";
  expect(mutantsOf(`run(${source})`)).toEqual(['NOLOGIN > LOGIN', 'true > false']);
  expect(valueOf(source).value).toBe('ALTER ROLE x NOLOGIN');
  expect(valueOf(source, 'm0').value).toBe('ALTER ROLE x LOGIN');
});

test('a tagged template keeps its tag', () => {
  const source = '(sql => sql`DROP ROLE ${1} CASCADE`)(parts => parts.join("?"))';
  expect(valueOf(source).value).toBe('DROP ROLE ? CASCADE');
  expect(valueOf(source, 'm0').value).toBe('DROP ROLE ? RESTRICT');
});

test('finds its literals again where the instrumenter has put mutants of its own around them', () => {
  const { mutants, write } = sqlMutants('a.ts', 'f(`SELECT ${a} WHERE b`)', 'm');
  expect(mutants).toMatchObject([{ line: 1, original: 'WHERE' }]);
  expect(write('f(x ? `` : `SELECT ${y ? "" : a} WHERE b`)')).toBe(
    'f(x ? `` : (stryMutAct_9fa48("m0") ? `SELECT ${y ? "" : a} WHERE true OR b`' +
      ' : (stryCov_9fa48("m0"), `SELECT ${y ? "" : a} WHERE b`)))',
  );
  expect(() => write('f()')).toThrow('a.ts: the mutant m0 found no place');
});

test('says the line of the change, not of the literal', () => {
  const source = 'f(`SELECT ${\n a\n }\n WHERE b`)';
  expect(sqlMutants('a.ts', source, 'm').mutants).toMatchObject([{ line: 4, context: 'WHERE b`)' }]);
});

test('messages of errors and of the log are for people', () => {
  expect(mutantsOf("throw new Error('no LOGIN')")).toEqual([]);
  expect(mutantsOf("log.info('no LOGIN', { a: 'LOGIN' })")).toEqual(['LOGIN > NOLOGIN']);
  expect(mutantsOf("const a = { reason: 'no LOGIN', 'LOGIN': 1 }")).toEqual([]);
});
