import { MAX_NAME_BYTES } from '../../../src/contract';

/** A name as an SQL identifier, exactly as given, with any characters. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0')) {
    throw new RangeError('a PostgreSQL name has at least one character and no NUL');
  }
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new RangeError(`the name "${name}" is longer than PostgreSQL's ${MAX_NAME_BYTES} bytes`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A text as an SQL literal. Sessions set `standard_conforming_strings=on`, so that a backslash has no special meaning.
 */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
