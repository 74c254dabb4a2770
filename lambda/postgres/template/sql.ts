import { qualify } from './qualify';
import { quoteIdentifier, quoteLiteral } from './quote';
import type { Part } from './tokens';

/**
 * A statement or a part of one, created by the tag `sql` below. A connection accepts nothing else, so that a string
 * cannot become SQL.
 */
export class Sql {
  private qualified?: string;

  constructor(readonly parts: readonly Part[]) {}

  /**
   * The text that the server receives, with a schema for every operator, function, type and relation.
   *
   * @throws RangeError when the statement contains something that cannot be qualified
   */
  get text(): string {
    return (this.qualified ??= qualify(this.parts));
  }

  /** The statement as written in the source. */
  get plain(): string {
    return this.parts.map(({ text }) => text).join('');
  }
}

/**
 * A tag for SQL in plain spelling. The owner of a database can overload operators and functions; so each is qualified
 * with `pg_catalog` when the statement is first sent. Keywords are in capitals, names in lower case. An interpolated
 * value must be SQL too: `identifier()` for a name, `literal()` for a text, `integer()` for a number.
 */
export function sql(strings: TemplateStringsArray, ...values: readonly Sql[]): Sql {
  const foreign = values.find(value => !(value instanceof Sql));
  if (foreign !== undefined) {
    throw new TypeError('only SQL can be part of SQL: use identifier(), literal() or integer()');
  }
  return new Sql(
    strings.flatMap((text, index) => [
      ...(index === 0 ? [] : values[index - 1].parts),
      ...(text === '' ? [] : [{ text, atom: false }]),
    ]),
  );
}

/** A name that is only known at run time. */
export function identifier(name: string): Sql {
  return atom(quoteIdentifier(name));
}

/** A text that is only known at run time, for statements that accept no parameters. */
export function literal(text: string): Sql {
  return atom(quoteLiteral(text));
}

export function integer(value: number): Sql {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer`);
  return atom(String(value));
}

/** SQL that PostgreSQL generated with every name qualified and quoted, as `pg_identify_object()` does. */
export function writtenByServer(text: string): Sql {
  return atom(text);
}

/** Concatenates pieces with a separator. */
export function join(pieces: readonly Sql[], separator: Sql): Sql {
  return new Sql(pieces.flatMap((piece, index) => [...(index === 0 ? [] : separator.parts), ...piece.parts]));
}

/** Concatenates pieces with commas. */
export function list(pieces: readonly Sql[]): Sql {
  return join(pieces, sql`, `);
}

function atom(text: string): Sql {
  return new Sql([{ text, atom: true }]);
}
