import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** An entry of PostgreSQL's log. */
export interface Entry {
  /** Where it starts in the file, in bytes: the file grows in the order of events. */
  readonly at: number;
  readonly level: string;
  readonly text: string;
}

/** The server's log from one point on. */
export class ServerLog {
  private from = 0;

  constructor(private readonly file: string) {}

  /** How long the log is: the time of an event, by the log's clock. */
  position(): number {
    return statSync(this.file).size;
  }

  /** What was logged since the last call. */
  take(): Entry[] {
    const from = this.from;
    this.from = this.position();
    const bytes = Buffer.alloc(this.from - from);
    const file = openSync(this.file, 'r');
    readSync(file, bytes, 0, bytes.length, from);
    closeSync(file);
    // Bytes as characters, so that positions agree. The lines of a statement after its first begin with a tab.
    const entries = bytes.toString('latin1').matchAll(/^\d{4}-\d\d-\d\d .*?:\[\d+\]:([A-Z]+):  (.*(?:\n\t.*)*)$/gm);
    return [...entries].map(({ index, 1: level, 2: text }) => ({ at: from + index, level, text }));
  }
}

/** A connection arrived, whether or not it logs in. */
export const isConnection = ({ text }: Entry) => text.startsWith('connection received');
export const isLogin = ({ text }: Entry) => text.startsWith('connection authorized');
export const isFailedLogin = ({ level, text }: Entry) =>
  level === 'FATAL' && /password authentication failed|no pg_hba.conf entry/.test(text);

/** The SQL of a message from the client. */
function sqlOf({ level, text }: Entry): string | undefined {
  return level === 'LOG' ? /^(?:statement|execute [^:]+): ([^]*)/.exec(text)?.[1] : undefined;
}

/** How many messages with SQL the entry is: one or none. */
export const messages = (entry: Entry) => (sqlOf(entry) === undefined ? 0 : 1);

/** How many statements stand in the entry: a message may carry several. */
export function statements(entry: Entry): number {
  const withoutQuoted = sqlOf(entry)?.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, 'quoted') ?? '';
  return withoutQuoted.split(';').filter(statement => statement.trim()).length;
}

export const changesPassword = (entry: Entry) =>
  /\b(?:ALTER|CREATE)\s+(?:ROLE|USER)\b.*\bPASSWORD\b/is.test(sqlOf(entry) ?? '');
