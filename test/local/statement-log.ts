import type { OwnServer } from './own-server';

const SETTINGS = ["log_statement = 'all'", "log_line_prefix = '%a|'"];
/** The lines of a message after its first begin with a tab, whatever is in them. */
const STATEMENT = /^(.*?)\|LOG: {2}(?:statement|execute [^:]*): (.*(?:\n\t.*)*)/gm;

/** Has the server log every statement, with the application that sent it. */
export async function logStatements(server: OwnServer): Promise<void> {
  await server.restartWith(...SETTINGS);
}

/** The statements that sessions of the application have sent. */
export function statementsOf(server: OwnServer, application: string): string[] {
  return [...server.log().matchAll(STATEMENT)].flatMap(([, sender, text]) =>
    sender === application ? [text.replaceAll('\n\t', '\n')] : [],
  );
}
