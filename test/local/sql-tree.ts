import { loadModule, parseSync } from 'libpg-query';

/** A node of the parse tree, or what it holds. Where its type is not fixed, it is `{ Type: { … } }`. */
type Tree = string | number | boolean | Tree[] | { readonly [field: string]: Tree };
type Node = { readonly [field: string]: Tree };

/**
 * The names in the statements that PostgreSQL looks up along `search_path`, so that whoever may create objects on it
 * decides what they mean. A statement or expression that this module does not know is told of as well.
 */
export async function unqualifiedNames(sql: string): Promise<string[]> {
  const found: string[] = [];
  visit(await statements(sql), new Set(), found);
  return found;
}

/** The types of the statements, as `SelectStmt`. */
export async function statementTypes(sql: string): Promise<string[]> {
  return (await statements(sql)).flatMap(statement => Object.keys(statement));
}

async function statements(sql: string): Promise<Tree[]> {
  await loadModule();
  return (parseSync(sql).stmts ?? []).map(({ stmt }) => stmt as unknown as Tree);
}

/** Looked at, or without names: role names, database names and columns are not looked up along `search_path`. */
const KNOWN = new Set([
  ...['SelectStmt', 'GrantStmt', 'AlterDefaultPrivilegesStmt', 'AlterPolicyStmt', 'CommentStmt', 'AlterOwnerStmt'],
  ...['CreateRoleStmt', 'AlterRoleStmt', 'AlterRoleSetStmt', 'DropRoleStmt', 'GrantRoleStmt', 'ReassignOwnedStmt'],
  ...['DropOwnedStmt', 'CreatedbStmt', 'DropdbStmt', 'TransactionStmt', 'VariableSetStmt', 'RoleSpec', 'AccessPriv'],
  ...['DefElem', 'A_Const', 'A_Expr', 'A_Star', 'A_ArrayExpr', 'A_Indices', 'A_Indirection', 'BoolExpr', 'BooleanTest'],
  ...['CaseExpr', 'CaseWhen', 'CoalesceExpr', 'CollateClause', 'ColumnDef', 'ColumnRef', 'CommonTableExpr', 'FuncCall'],
  ...['FunctionParameter', 'GroupingSet', 'JoinExpr', 'List', 'MinMaxExpr', 'NullTest', 'ObjectWithArgs', 'ParamRef'],
  ...['RangeFunction', 'RangeSubselect', 'RangeVar', 'ResTarget', 'RowExpr', 'SQLValueFunction', 'SortBy', 'SubLink'],
  ...['TypeCast', 'TypeName', 'WindowDef', 'Boolean', 'Float', 'Integer', 'String'],
]);

/** Fields whose node is of one type, which the tree does not repeat. */
const TYPE_OF_FIELD: Readonly<Record<string, string>> = {
  typeName: 'TypeName',
  argType: 'TypeName',
  table: 'RangeVar',
  rel: 'RangeVar',
  collClause: 'CollateClause',
};

/** What a node of the type looks up, beside what the nodes in it do. */
const LOOKED_UP: Readonly<Record<string, (node: Node, tables: ReadonlySet<string>) => string[]>> = {
  RangeVar: ({ schemaname, relname }, tables) =>
    schemaname === undefined && !tables.has(String(relname)) ? [`relation ${relname}`] : [],
  FuncCall: ({ funcname }) => bare('function', funcname),
  ObjectWithArgs: ({ objname }) => bare('function', objname),
  TypeName: ({ names }) => bare('type', names),
  CollateClause: ({ collname }) => bare('collation', collname),
  A_Expr: ({ name }) => bare('operator', name),
  SortBy: ({ useOp }) => bare('operator', useOp),
  // The operators that the grammar adds by itself have no schema.
  CaseExpr: ({ arg }) => (arg === undefined ? [] : ['operator = of CASE']),
  JoinExpr: ({ usingClause, isNatural }) => (usingClause || isNatural ? ['operator = of JOIN'] : []),
  SubLink: ({ subLinkType, testexpr, operName }) =>
    testexpr !== undefined && operName === undefined ? [`operator = of ${subLinkType}`] : bare('operator', operName),
  TypeCast: ({ arg, typeName }) => [...literals(arg)].flatMap(literal => namesIn(literal, namesOf(typeName))),
  GrantStmt: ({ objtype, objects }) =>
    ['OBJECT_TYPE', 'OBJECT_DOMAIN'].includes(String(objtype)) ? list(objects).flatMap(type => bare('type', type)) : [],
  CommentStmt: ({ objtype }) => ofServer('COMMENT ON', objtype),
  AlterOwnerStmt: ({ objectType }) => ofServer('ALTER … OWNER TO', objectType),
};

function visit(tree: Tree | undefined, tables: ReadonlySet<string>, found: string[], type?: string): void {
  if (Array.isArray(tree)) tree.forEach(item => visit(item, tables, found));
  if (!isNode(tree)) return;
  const [tag, ...more] = Object.keys(tree);
  if (type === undefined && more.length === 0 && /^[A-Z]/.test(tag)) return visit(tree[tag], tables, found, tag);
  if (type !== undefined && !KNOWN.has(type)) found.push(`unknown ${type}`);
  const { withClause, ...fields } = tree;
  const visible = isNode(withClause) ? visitWith(withClause, tables, found) : tables;
  found.push(...(LOOKED_UP[type ?? '']?.(tree, visible) ?? []));
  // FOR UPDATE OF names what stands in FROM
  if (type === 'SelectStmt') delete (fields as Record<string, Tree>).lockingClause;
  for (const [field, value] of Object.entries(fields)) visit(value, visible, found, TYPE_OF_FIELD[field]);
}

/** The names of the tables that the rest of the query sees; each sees those before it, if RECURSIVE all of them. */
function visitWith({ ctes, recursive }: Node, tables: ReadonlySet<string>, found: string[]): ReadonlySet<string> {
  const queries = list(ctes).map(cte => (cte as { CommonTableExpr: Node }).CommonTableExpr);
  const all = new Set([...tables, ...queries.map(({ ctename }) => String(ctename))]);
  const before = new Set(tables);
  for (const query of queries) {
    visit(query, recursive ? all : before, found, 'CommonTableExpr');
    before.add(String(query.ctename));
  }
  return all;
}

const isNode = (tree: Tree | undefined): tree is Node => typeof tree === 'object' && !Array.isArray(tree);

/** The items of a list, which is an array or a node of its own. */
function list(tree: Tree | undefined): Tree[] {
  if (Array.isArray(tree)) return tree;
  const items = isNode(tree) && isNode(tree.List) ? tree.List.items : undefined;
  return Array.isArray(items) ? items : [];
}

const parts = (name: Tree | undefined) => list(name).map(part => (part as { String: { sval: string } }).String.sval);
const namesOf = (type: Tree | undefined) => (isNode(type) ? parts(type.names) : []);

function bare(kind: string, name: Tree | undefined): string[] {
  const [first, ...rest] = parts(name);
  return first !== undefined && rest.length === 0 ? [`${kind} ${first}`] : [];
}

function ofServer(statement: string, kind: Tree | undefined): string[] {
  return ['OBJECT_ROLE', 'OBJECT_DATABASE'].includes(String(kind)) ? [] : [`unknown ${statement} ${kind}`];
}

/** The types whose input is a name of a schema's object; names of roles and schemas have no schema. */
const NAMING = /^reg(?!role$|namespace$)/;

/** A name in a string that becomes an object's identity. */
function namesIn(literal: string, type: string[]): string[] {
  const kind = type.at(-1) ?? '';
  return NAMING.test(kind) && !literal.includes('.') ? [`${kind} '${literal}'`] : [];
}

/** The strings that a cast makes something else: one, or those of an array. */
function* literals(tree: Tree | undefined): Generator<string> {
  if (!isNode(tree)) return;
  const { A_Const: constant, A_ArrayExpr: array } = tree;
  if (isNode(constant) && isNode(constant.sval)) yield String(constant.sval.sval ?? '');
  if (isNode(array)) for (const element of list(array.elements)) yield* literals(element);
}
