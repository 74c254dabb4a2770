import {
  identifier,
  integer,
  literal,
  list,
  type Sql,
  sql,
  writtenByServer,
} from '../../../../lambda/postgres/template/sql';

test.each<[string, Sql, string]>([
  [
    'operators, functions, types and relations',
    sql`SELECT a.x::text || quote_ident('b') FROM pg_roles AS a WHERE a.rolname = $1::name`,
    "SELECT a.x::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.quote_ident('b') FROM pg_catalog.pg_roles AS a " +
      'WHERE a.rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name',
  ],
  [
    'an array and ANY, with the quoted type',
    sql`SELECT 1 FROM pg_shdepend AS s WHERE s.deptype = ANY (ARRAY['a', 'r']::"char"[])`,
    'SELECT 1 FROM pg_catalog.pg_shdepend AS s WHERE s.deptype OPERATOR(pg_catalog.=) ANY ' +
      "(ARRAY['a', 'r']::pg_catalog.\"char\"[])",
  ],
  [
    'nothing of a subquery, of its columns and of an alias',
    sql`WITH held (oid) AS (SELECT r.oid FROM pg_roles AS r) SELECT h.oid FROM held AS h, unnest($1) AS u (set)`,
    'WITH held (oid) AS (SELECT r.oid FROM pg_catalog.pg_roles AS r) SELECT h.oid FROM held AS h, ' +
      'pg_catalog.unnest($1) AS u (set)',
  ],
  [
    'nothing in texts, names and comments',
    sql`SELECT '= now()' AS "pg_class = ", /* = */ count(*) -- now() =
    FROM pg_class`,
    `SELECT '= now()' AS "pg_class = ", /* = */ pg_catalog.count(*) -- now() =
    FROM pg_catalog.pg_class`,
  ],
  [
    'keywords that look like functions',
    sql`SELECT COALESCE(ARRAY(SELECT 1), NULL), EXISTS (SELECT), CASE WHEN (a.b) THEN (1) END
    FROM (VALUES (1, 2)) AS a (b, c)`,
    `SELECT COALESCE(ARRAY(SELECT 1), NULL), EXISTS (SELECT), CASE WHEN (a.b) THEN (1) END
    FROM (VALUES (1, 2)) AS a (b, c)`,
  ],
  [
    'values that are put in, which stay',
    sql`SELECT ${integer(1)} / x FROM pg_roles AS r
    WHERE r.rolname = ${literal("it's = now()")}`,
    `SELECT 1 OPERATOR(pg_catalog./) x FROM pg_catalog.pg_roles AS r
    WHERE r.rolname OPERATOR(pg_catalog.=) 'it''s = now()'`,
  ],
  [
    'a command, which has nothing to qualify',
    sql`GRANT ${list([identifier('a"b'), identifier('now()')])} TO ${identifier('c')} WITH INHERIT TRUE`,
    'GRANT "a""b", "now()" TO "c" WITH INHERIT TRUE',
  ],
])('qualifies %s', (_, statement, text) => {
  expect(statement.text).toBe(text);
});

test.each<[string, Sql]>([
  ['IS DISTINCT FROM', sql`SELECT a.x IS DISTINCT FROM a.y FROM pg_roles AS a`],
  ['IS DISTINCT FROM NULL in lower case', sql`SELECT a.x is distinct from a.y FROM pg_roles AS a`],
  ['CASE x WHEN', sql`SELECT CASE a.x WHEN 1 THEN 2 END FROM pg_roles AS a`],
  ['NULLIF', sql`SELECT NULLIF(a.x, a.y) FROM pg_roles AS a`],
  ['GREATEST', sql`SELECT GREATEST(a.x, a.y) FROM pg_roles AS a`],
  ['LEAST', sql`SELECT LEAST(a.x, a.y) FROM pg_roles AS a`],
  ['BETWEEN', sql`SELECT FROM pg_roles AS a WHERE a.x BETWEEN 1 AND 2`],
  ['between', sql`SELECT FROM pg_roles AS a WHERE a.x between 1 AND 2`],
  ['IN', sql`SELECT FROM pg_roles AS a WHERE a.x IN (1, 2)`],
  ['in', sql`SELECT FROM pg_roles AS a WHERE a.x in (SELECT 1)`],
  ['LIKE', sql`SELECT FROM pg_roles AS a WHERE a.x LIKE 'b'`],
  ['like', sql`SELECT FROM pg_roles AS a WHERE a.x like 'b'`],
  ['ILIKE', sql`SELECT FROM pg_roles AS a WHERE a.x ILIKE 'b'`],
  ['SIMILAR TO', sql`SELECT FROM pg_roles AS a WHERE a.x SIMILAR TO 'b'`],
  ['OVERLAPS', sql`SELECT FROM pg_roles AS a WHERE (a.x, a.y) OVERLAPS (a.x, a.y)`],
  ['JOIN USING', sql`SELECT FROM pg_roles AS a JOIN pg_roles AS b USING (oid)`],
  ['NATURAL JOIN', sql`SELECT FROM pg_roles AS a NATURAL JOIN pg_roles AS b`],
  ['ORDER BY USING', sql`SELECT FROM pg_roles AS a ORDER BY 1 USING >`],
  ['a comparison of rows', sql`SELECT FROM pg_roles AS a WHERE (a.x, a.y) = (1, 2)`],
  ['a comparison of ROW()', sql`SELECT FROM pg_roles AS a WHERE ROW(a.x, a.y) = ROW(1, 2)`],
  ['a CAST', sql`SELECT CAST(a.x AS text) FROM pg_roles AS a`],
  ['a typed text', sql`SELECT date '2020-01-01'`],
  ['a name as a text without its schema', sql`SELECT 'pg_authid'::regclass`],
  ['names as texts in an array', sql`SELECT ARRAY['pg_catalog.pg_authid']::regclass[]`],
  ['a type that is not in use', sql`SELECT 1::money`],
  ['an operator that is not in use', sql`SELECT 1 ~ 2`],
  ['an operator before a value', sql`SELECT - 1`],
  ['two operators without parentheses', sql`SELECT a.x = a.y || a.z FROM pg_roles AS a`],
  ['the same in the other order', sql`SELECT a.x || a.y = a.z FROM pg_roles AS a`],
  ['an operator and IS NULL', sql`SELECT a.x = a.y IS NULL FROM pg_roles AS a`],
  ['IS TRUE', sql`SELECT a.x IS TRUE FROM pg_roles AS a`],
  ['AT TIME ZONE', sql`SELECT a.x AT TIME ZONE 'UTC' FROM pg_roles AS a`],
  ['COLLATE', sql`SELECT a.x COLLATE "C" FROM pg_roles AS a`],
  ['an element of an array', sql`SELECT a.x[1] FROM pg_roles AS a`],
  ['EXTRACT', sql`SELECT EXTRACT(YEAR FROM a.x) FROM pg_roles AS a`],
  ['extract', sql`SELECT extract(year FROM a.x) FROM pg_roles AS a`],
  ['a relation of an application', sql`SELECT FROM orders`],
  ['a relation after a comma', sql`SELECT FROM pg_roles AS a, orders`],
  ['a relation by another name', sql`SELECT FROM ${identifier('pg_roles')}`],
  ['a relation with a schema', sql`SELECT FROM pg_temp.pg_roles`],
  ['a relation of information_schema', sql`SELECT FROM information_schema.tables`],
  ['a function with a schema', sql`SELECT public.now()`],
  ['an alias without AS', sql`SELECT r.oid FROM pg_roles r`],
  ['what the template writes', sql`SELECT pg_catalog.now()`],
  ['OPERATOR()', sql`SELECT 1 OPERATOR(pg_catalog.=) 2`],
  ['a statement that changes rows', sql`UPDATE pg_authid SET x = 1`],
  ['DO', sql`DO 'BEGIN END'`],
  ['two statements', sql`SELECT 1; SELECT 2`],
  ['a function in a command', sql`ALTER ROLE ${identifier('a')} SET x TO now()`],
  ['an operator in a command', sql`SET x = 1`],
  ['an escape', sql`SELECT E'\\''`],
  ['a name in mixed case', sql`SELECT Now()`],
  ['what is open', sql`SELECT (1`],
  ['what is closed twice', sql`SELECT 1)`],
  ['a text that is open', sql`SELECT 'a`],
  ['a comment at the end', sql`SELECT 1 -- and`],
  ['a piece of another kind in a query', sql`SELECT ${writtenByServer('now()')}`],
  ['nothing', sql``],
])('refuses %s', (_, statement) => {
  expect(() => statement.text).toThrow(RangeError);
});

test('refuses a string', () => {
  // @ts-expect-error a string is no SQL
  expect(() => sql`SELECT ${'now()'}`).toThrow(TypeError);
});

test('refuses a number that is no integer', () => {
  expect(() => integer(0.5)).toThrow(RangeError);
});
