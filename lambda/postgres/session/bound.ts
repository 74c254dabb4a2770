import type { Connection } from '../connection';

type Statement = (connection: Connection, ...given: never[]) => unknown;
type Bound<S> = S extends (connection: Connection, ...given: infer Given) => infer Result
  ? (...given: Given) => Result
  : never;

/** Binds statements to one connection: the methods of a session, with `close()`. */
export function bound<S extends Record<string, Statement>>(
  connection: Connection,
  statements: S,
): { readonly [Name in keyof S]: Bound<S[Name]> } & { close(): Promise<void> } {
  const methods = Object.entries(statements).map(([name, statement]) => [
    name,
    (...given: never[]) => statement(connection, ...given),
  ]);
  return Object.assign(Object.fromEntries(methods), { close: () => connection.close() });
}
