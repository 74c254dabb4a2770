import type { Connection } from '../connection';

type Statement = (connection: Connection, ...given: never[]) => unknown;
type Bound<S> = S extends (connection: Connection, ...given: infer Given) => infer Result
  ? (...given: Given) => Result
  : never;

/** Statements that are sent over one connection, and its end: what a session can do. */
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
