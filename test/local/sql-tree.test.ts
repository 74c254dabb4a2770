import { statementTypes, unqualifiedNames } from './sql-tree';

const from = (what: string) => `SELECT FROM pg_catalog.t AS a ${what}`;
const where = (condition: string) => from(`WHERE ${condition}`);

test.each([
  // what shows
  ['SELECT f()', 'function f'],
  ["SELECT lower('x')", 'function lower'],
  ['SELECT 1 + 1', 'operator +'],
  ['SELECT -a.x FROM pg_catalog.t AS a', 'operator -'],
  ['SELECT FROM t', 'relation t'],
  ["SELECT 'x'::text", 'type text'],
  ["SELECT CAST('x' AS name)", 'type name'],
  [`SELECT ARRAY['x']::"char"[]`, 'type char'],
  ["SELECT bool 'x'", 'type bool'],
  ['SELECT x FROM pg_catalog.f() AS t(x mood)', 'type mood'],
  [`SELECT x FROM pg_catalog.f() AS t(x pg_catalog.text COLLATE "C")`, 'collation C'],
  ['SELECT pg_catalog.f(a.x ORDER BY a.y + 1) FROM pg_catalog.t AS a', 'operator +'],
  ['SELECT pg_catalog.f() OVER (ORDER BY g())', 'function g'],
  ['SELECT FROM pg_catalog.t AS a GROUP BY f(a.x) HAVING NOT g(a.x)', 'function f', 'function g'],
  ['SELECT 1 UNION SELECT f()', 'function f'],
  ['SELECT 1 INTO t', 'relation t'],
  [from('ORDER BY a.x COLLATE "C"'), 'collation C'],
  // what hides
  [where('a.x IS DISTINCT FROM 1'), 'operator ='],
  [where('a.x IS NOT DISTINCT FROM 1'), 'operator ='],
  ['SELECT CASE a.x WHEN 1 THEN 2 END FROM pg_catalog.t AS a', 'operator = of CASE'],
  ['SELECT NULLIF(a.x, 1) FROM pg_catalog.t AS a', 'operator ='],
  [where('a.x BETWEEN 1 AND 2'), 'operator BETWEEN'],
  [where('a.x NOT BETWEEN SYMMETRIC 1 AND 2'), 'operator NOT BETWEEN SYMMETRIC'],
  [where('a.x IN (1, 2)'), 'operator ='],
  [where('a.x NOT IN (1, 2)'), 'operator <>'],
  [where('a.x = ANY (a.y)'), 'operator ='],
  [where('a.x <> ALL (a.y)'), 'operator <>'],
  [where('a.x IN (SELECT 1)'), 'operator = of ANY_SUBLINK'],
  [where('a.x NOT IN (SELECT 1)'), 'operator = of ANY_SUBLINK'],
  [where('a.x < ALL (SELECT 1)'), 'operator <'],
  [where("a.x LIKE 'y'"), 'operator ~~'],
  [where("a.x NOT ILIKE 'y'"), 'operator !~~*'],
  [where("a.x SIMILAR TO 'y'"), 'operator ~'],
  [where('(a.x, a.y) = (1, 2)'), 'operator ='],
  [where('(a.x, a.y) < (SELECT 1, 2)'), 'operator <'],
  [from('JOIN pg_catalog.u AS b USING (x)'), 'operator = of JOIN'],
  [from('NATURAL JOIN pg_catalog.u AS b'), 'operator = of JOIN'],
  [from('ORDER BY a.x USING <'), 'operator <'],
  ["SELECT 'pg_class'::pg_catalog.regclass", "regclass 'pg_class'"],
  ["SELECT ARRAY['pg_catalog.a', 'b']::pg_catalog.regtype[]", "regtype 'b'"],
  // relations that a WITH does not name, or not yet
  ['WITH w AS (SELECT FROM w) SELECT FROM w', 'relation w'],
  ['WITH w AS (SELECT FROM v), v AS (SELECT 1) SELECT FROM w', 'relation v'],
  ['SELECT FROM (WITH w AS (SELECT 1) SELECT FROM w) AS a, w', 'relation w'],
  ['WITH w AS (SELECT f()) SELECT FROM w', 'function f'],
  // data definition
  ['GRANT SELECT ON t TO app', 'relation t'],
  ['GRANT USAGE ON TYPE mood TO app', 'type mood'],
  ['GRANT EXECUTE ON FUNCTION f(mood) TO app', 'function f', 'type mood', 'type mood'],
  ['ALTER POLICY p ON t TO app', 'relation t'],
  ['ALTER POLICY p ON s.t USING (f())', 'function f'],
  // what is not known
  ['DO $$BEGIN END$$', 'unknown DoStmt'],
  ['INSERT INTO s.t VALUES (f())', 'unknown InsertStmt', 'function f'],
  ['SELECT FROM pg_catalog.t AS a TABLESAMPLE system (1)', 'unknown RangeTableSample'],
  ['CREATE TABLE s.t (x mood)', 'unknown CreateStmt', 'type mood'],
  ["COMMENT ON TABLE t IS ''", 'unknown COMMENT ON OBJECT_TABLE'],
  ['ALTER FUNCTION f() OWNER TO app', 'unknown ALTER … OWNER TO OBJECT_FUNCTION', 'function f'],
  ['SELECT 1; SELECT f()', 'function f'],
])('%s', async (sql, ...names) => {
  expect(await unqualifiedNames(sql)).toEqual(names);
});

test.each([
  'SELECT pg_catalog.f(a.x), a.*, COALESCE(a.x, 1), ARRAY[1, 2], ROW(1), $1, NULL, true, CURRENT_USER, a.x[1:2]',
  'SELECT 1 OPERATOR(pg_catalog.+) 1',
  "SELECT '1'::int, '1'::integer, '1'::bigint, 'true'::boolean, 'x'::varchar(3), '1'::numeric(3), INTERVAL '1 day'",
  `SELECT 'x'::pg_catalog.text, ARRAY['x']::pg_catalog."char"[]`,
  "SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, 'app'::pg_catalog.regrole, 's'::pg_catalog.regnamespace",
  // grammar that PostgreSQL itself turns into functions of pg_catalog
  "SELECT EXTRACT(year FROM a.x), POSITION('a' IN a.x), TRIM(a.x), SUBSTRING(a.x FROM 1), OVERLAY(a.x PLACING 'b' FROM 1)",
  "SELECT a.x AT TIME ZONE 'UTC', (a.x, a.y) OVERLAPS (a.x, a.y)",
  // these compare by the type's default operator class, which no search_path decides
  'SELECT DISTINCT GREATEST(a.x, 1), LEAST(a.x, 1) FROM pg_catalog.t AS a GROUP BY a.x ORDER BY a.x DESC NULLS LAST',
  'SELECT 1 UNION SELECT 2 EXCEPT SELECT 3',
  'SELECT CASE WHEN a.x IS NULL THEN 1 ELSE 2 END FROM pg_catalog.t AS a',
  where('a.x OPERATOR(pg_catalog.=) ANY (a.y) AND NOT a.x OPERATOR(pg_catalog.<>) ALL (a.y)'),
  where('a.x OPERATOR(pg_catalog.=) ANY (SELECT 1) OR EXISTS (SELECT FROM pg_catalog.u)'),
  where('(a.x, a.y) OPERATOR(pg_catalog.=) (1, 2)'),
  where('a.x IS NOT NULL AND a.x IS TRUE AND a.y OPERATOR(pg_catalog.=) (SELECT 1)'),
  from('JOIN pg_catalog.u AS b ON a.x OPERATOR(pg_catalog.=) b.x CROSS JOIN LATERAL pg_catalog.f(a.x) AS c (x)'),
  from('ORDER BY a.x COLLATE pg_catalog."C" USING OPERATOR(pg_catalog.<)'),
  from('FOR UPDATE OF a'),
  'SELECT x FROM pg_catalog.f() AS t(x pg_catalog.text COLLATE pg_catalog."C")',
  "SELECT FROM (VALUES ('a', 1)) AS a (x, y)",
  'WITH w AS (SELECT 1), v AS (SELECT FROM w) SELECT FROM v WHERE EXISTS (SELECT FROM w)',
  'WITH RECURSIVE w AS (SELECT 1 UNION SELECT FROM w) SELECT FROM w',
  "CREATE ROLE app LOGIN PASSWORD 'x' VALID UNTIL 'infinity'; ALTER ROLE app CONNECTION LIMIT 3; DROP ROLE app",
  "ALTER ROLE app IN DATABASE d SET work_mem TO '1MB'; ALTER ROLE app RESET ALL; COMMENT ON ROLE app IS 'x'",
  'GRANT app TO b WITH INHERIT TRUE; REVOKE app FROM CURRENT_USER GRANTED BY c',
  'REASSIGN OWNED BY a TO b; DROP OWNED BY a; CREATE DATABASE d OWNER a; ALTER DATABASE d OWNER TO a; DROP DATABASE d',
  "BEGIN; SET LOCAL lock_timeout = '50ms'; COMMIT; ROLLBACK",
  'GRANT SELECT ON s.t, s.u TO app; GRANT USAGE ON SCHEMA s TO app; GRANT CONNECT ON DATABASE d TO app',
  'GRANT USAGE ON TYPE s.mood TO app; GRANT EXECUTE ON FUNCTION s.f(integer, s.mood) TO app',
  'GRANT SELECT ON LARGE OBJECT 42 TO app',
  'ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b',
  'ALTER POLICY p ON s.t TO a, b',
])('nothing in %s', async sql => {
  expect(await unqualifiedNames(sql)).toEqual([]);
});

test('tells the types of statements', async () => {
  expect(await statementTypes('BEGIN; DROP ROLE app; SELECT 1')).toEqual([
    'TransactionStmt',
    'DropRoleStmt',
    'SelectStmt',
  ]);
});

test('what does not parse is an error', async () => {
  await expect(unqualifiedNames('SELEC 1')).rejects.toThrow('syntax error');
});
