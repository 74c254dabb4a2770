import { qualify } from './qualify';
import { quoteIdentifier, quoteLiteral } from './quote';
import type { Part } from './tokens';

/**
 * A statement, or a part of one, made by the tag `sql` below. A connection accepts nothing else, so that a string
 * cannot become SQL.
 */
export class Sql {
  private qualified?: string;

  constructor(readonly parts: readonly Part[]) {}

  /**
   * What the server receives: every operator, function, type and relation with its schema.
   *
   * @throws RangeError when the statement has something in it that cannot be qualified
   */
  get text(): string {
    return (this.qualified ??= qualify(this.parts));
  }

  /** The statement as it is written in the source. */
  get plain(): string {
    return this.parts.map(({ text }) => text).join('');
  }
}

/**
 * SQL as one reads it. The owner of a database can overload an operator or a function; so each is qualified with
 * `pg_catalog` on the way to the server, on first use. Keywords are in capitals, names in lower case. A value is
 * another piece of SQL: a name by `identifier()`, a text by `literal()`, a number by `integer()`.
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

/** A name that is known at run time only. */
export function identifier(name: string): Sql {
  return atom(quoteIdentifier(name));
}

/** A text that is known at run time only, where a statement has no parameters. */
export function literal(text: string): Sql {
  return atom(quoteLiteral(text));
}

export function integer(value: number): Sql {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer`);
  return atom(String(value));
}

/** SQL that PostgreSQL itself wrote, with every name in it qualified and quoted: as `pg_identify_object()` does. */
export function writtenByServer(text: string): Sql {
  return atom(text);
}

/** Pieces in a row. */
export function join(pieces: readonly Sql[], separator: Sql): Sql {
  return new Sql(pieces.flatMap((piece, index) => [...(index === 0 ? [] : separator.parts), ...piece.parts]));
}

/** Pieces with commas between them. */
export function list(pieces: readonly Sql[]): Sql {
  return join(pieces, sql`, `);
}

function atom(text: string): Sql {
  return new Sql([{ text, atom: true }]);
}
