import type { Token } from './tokens';

/** The supported operators. An expression with two of them needs parentheses, except for a chain of `||`. */
const OPERATORS = new Set(['=', '<>', '<', '>', '<=', '>=', '||', '->>', '/']);
/** The supported types, by their names in pg_type. SQL aliases such as `integer` are not names in pg_type. */
const TYPES = new Set(['aclitem', 'bool', 'int4', 'name', 'oid', 'regclass', 'text', '"char"']);

/** Keywords that occur within an expression; all other supported keywords end one. */
const IN_EXPRESSIONS = new Set('ALL ANY ARRAY CASE COALESCE CURRENT_USER EXISTS IS NOT NULL SESSION_USER'.split(' '));
const BETWEEN_EXPRESSIONS = new Set(
  (
    'AND AS BY CROSS DISTINCT ELSE END FILTER FROM GROUP HAVING JOIN LATERAL LEFT LIMIT ON OR ORDER SELECT THEN ' +
    'UNION VALUES WHEN WHERE WITH'
  ).split(' '),
);
/** Keywords that are values. */
const VALUES = new Set(['NULL', 'SESSION_USER', 'CURRENT_USER', 'END']);
/** Keywords before a relation, and keywords that end a list of relations. */
const BEFORE_RELATION = new Set(['FROM', 'JOIN', 'LATERAL', ',']);
const AFTER_RELATIONS = new Set(['SELECT', 'WHERE', 'GROUP', 'HAVING', 'ORDER', 'LIMIT', 'UNION', 'WITH', 'VALUES']);

/** The content of a pair of parentheses or brackets. */
interface Level {
  readonly kind: 'query' | 'list' | 'names' | 'expression';
  clause?: 'relations' | 'rows';
  /** The operator of the current expression. */
  operator?: string;
}

/**
 * Qualifies a query token by token. All operators written as `OPERATOR()` have the same precedence, so that an
 * expression which relies on precedence is refused. Constructs for which PostgreSQL looks up an operator that is not
 * written are refused too: IS DISTINCT FROM, CASE x WHEN, IN, BETWEEN, LIKE, USING, comparisons of rows and similar
 * ones.
 */
export class QueryQualifier {
  private readonly levels: Level[] = [{ kind: 'query' }];
  private readonly subqueries: ReadonlySet<string>;
  private at = 0;
  /** Whether the previous token ends a value. Another value must not follow it directly. */
  private complete = false;

  constructor(private readonly tokens: readonly Token[]) {
    this.subqueries = new Set(tokens.flatMap(({ text }, index) => (this.isSubqueryName(index) ? text : [])));
  }

  text(): string {
    let text = '';
    for (; this.at < this.tokens.length; this.at++) {
      const { before } = this.tokens[this.at];
      text += before + this.next();
    }
    if (this.levels.length > 1) this.refuse('is not closed');
    return text;
  }

  private next(): string {
    const { kind, text } = this.token();
    switch (kind) {
      case 'keyword':
        return this.keyword(text);
      case 'operator':
        return this.operator(text);
      case 'cast':
        return this.cast();
      case 'punctuation':
        return this.punctuation(text);
      case 'name':
        return this.name(text);
      default:
        if (kind === 'atom' && !/^["'\d]/.test(text)) this.refuse('is not a name, a text or a number');
        if (this.isRelation()) this.refuse('is no relation of the catalogue');
        return this.value(text);
    }
  }

  private keyword(text: string): string {
    const within = IN_EXPRESSIONS.has(text);
    if (!within && !BETWEEN_EXPRESSIONS.has(text)) this.refuse('is no keyword that can be qualified');
    if (text === 'CASE' && this.following() !== 'WHEN') this.refuse('compares by an operator that is not written');
    if (text === 'IS') this.nullTest();
    else if (within && text !== 'ALL') this.begin();
    if (!within) this.level().operator = undefined;
    if (text === 'FROM') {
      if (this.level().kind !== 'query') this.refuse('belongs to no query');
      this.level().clause = 'relations';
    } else if (AFTER_RELATIONS.has(text)) {
      this.level().clause = text === 'VALUES' ? 'rows' : undefined;
    }
    this.complete = VALUES.has(text);
    return text;
  }

  private nullTest(): void {
    const [first, second] = [this.following(), this.following(2)];
    if (first !== 'NULL' && !(first === 'NOT' && second === 'NULL')) this.refuse('may only test for NULL');
    if (!this.complete || this.level().operator) this.refuse('needs parentheses');
    this.level().operator = 'IS';
  }

  private operator(text: string): string {
    if (text === '*' && this.preceding() === '(' && this.following() === ')') return this.value(text);
    const level = this.level();
    if (!OPERATORS.has(text)) this.refuse('is no operator that can be qualified');
    if (!this.complete || this.preceding() === 'END') this.refuse('has no operand before it');
    if (level.operator && !(level.operator === '||' && text === '||')) this.refuse('needs parentheses');
    level.operator = text;
    this.complete = false;
    return `OPERATOR(pg_catalog.${text})`;
  }

  private cast(): string {
    const from = this.token(-1);
    if (!this.complete) this.refuse('has nothing to cast');
    const type = this.token(1)?.text;
    if (!TYPES.has(type)) this.refuse(`has a type that cannot be qualified: ${type}`);
    // A cast to regclass looks the text up as a name.
    if (type === 'regclass' && !from.text.startsWith("'pg_catalog.")) this.refuse('needs a qualified name as a text');
    this.at++;
    const array = this.following() === '[' && this.following(2) === ']';
    if (array) this.at += 2;
    return `::pg_catalog.${type}${array ? '[]' : ''}`;
  }

  private punctuation(text: string): string {
    const level = this.level();
    switch (text) {
      case '(':
      case '[':
        this.levels.push(this.opened(text));
        this.complete = false;
        return text;
      case ')':
      case ']':
        if (this.levels.length === 1) this.refuse('closes nothing');
        this.levels.pop();
        this.complete = true;
        return text;
      case ',':
        if (level.kind === 'expression') this.refuse('makes a row, which would be compared by operators not written');
        level.operator = undefined;
        this.complete = false;
        return text;
      default:
        this.complete = false; // a dot
        return text;
    }
  }

  private opened(bracket: string): Level {
    const before = this.token(-1);
    if (bracket === '[' && before?.text !== 'ARRAY') this.refuse('takes an element, which cannot be qualified');
    if (bracket === '[' || before.text === 'COALESCE') return { kind: 'list' };
    if (before.kind === 'name' || before.kind === 'quoted') return { kind: this.isNameList() ? 'names' : 'list' };
    const isRow = this.level().clause === 'rows' && (before.text === 'VALUES' || before.text === ',');
    if (isRow) return { kind: 'list' };
    this.begin();
    return { kind: ['SELECT', 'WITH', 'VALUES', 'WHERE'].includes(this.following() ?? '') ? 'query' : 'expression' };
  }

  private name(text: string): string {
    const [before, after] = [this.preceding(), this.following()];
    const called = after === '(' && !this.isNameList(1);
    if (before === '.') {
      if (called) this.refuse('is a function with a schema');
      return this.value(text);
    }
    if (before === 'AS' || this.level().kind === 'names' || this.isSubqueryName(this.at)) return this.value(text);
    if (text === 'pg_catalog') this.refuse('is written by the template');
    if (called) return `pg_catalog.${this.value(text)}`;
    if (this.isRelation()) {
      if (after === '.') this.refuse('is a schema');
      if (text.startsWith('pg_')) return `pg_catalog.${this.value(text)}`;
      if (!this.subqueries.has(text)) this.refuse('is no relation of the catalogue');
    }
    return this.value(text);
  }

  private value(text: string): string {
    this.begin();
    this.complete = true;
    return text;
  }

  private begin(): void {
    if (this.complete) this.refuse('follows a value');
  }

  private isRelation(): boolean {
    const before = this.preceding();
    return this.level().clause === 'relations' && before !== undefined && BEFORE_RELATION.has(before);
  }

  /** Whether the current parenthesis, or the one `ahead` tokens later, begins the column names of an alias. */
  private isNameList(ahead = 0): boolean {
    const named = this.at + ahead - 1;
    return this.tokens[named - 1]?.text === 'AS' || this.isSubqueryName(named);
  }

  /** Whether the token names a subquery: `WITH name AS (SELECT`, also with column names. */
  private isSubqueryName(index: number): boolean {
    const text = (at: number) => this.tokens[at]?.text;
    if (this.tokens[index].kind !== 'name' || !['WITH', ','].includes(text(index - 1) ?? '')) return false;
    let at = index + 1;
    if (text(at) === '(') while (at < this.tokens.length && text(at++) !== ')');
    return text(at) === 'AS' && text(at + 1) === '(' && ['SELECT', 'WITH'].includes(text(at + 2) ?? '');
  }

  private level(): Level {
    return this.levels[this.levels.length - 1];
  }

  private token(offset = 0): Token {
    return this.tokens[this.at + offset];
  }

  private preceding(): string | undefined {
    return this.token(-1)?.text;
  }

  private following(offset = 1): string | undefined {
    return this.token(offset)?.text;
  }

  private refuse(why: string): never {
    const around = this.tokens.slice(Math.max(0, this.at - 4), this.at + 4).map(({ text }) => text);
    throw new RangeError(`"${this.token()?.text ?? 'the end'}" ${why}: ${around.join(' ')}`);
  }
}
