type Fields = Readonly<Record<string, unknown>>;

/** What every line says until the next invocation; a process has one at a time. */
let common: Fields = {};

function at(level: 'INFO' | 'WARN' | 'ERROR') {
  return (message: string, fields: Fields = {}) => {
    const line = JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...common, ...fields });
    // Past `console`: the runtime wraps what goes through that, and CloudWatch then finds no metrics in it.
    process.stdout.write(`${line}\n`);
  };
}

/** Structured lines; Lambda filters by `level`. No value of a secret is ever passed. */
export const log = {
  info: at('INFO'),
  warn: at('WARN'),
  error: at('ERROR'),
  /** Begins an invocation, whose lines all say these. */
  begin(fields: Fields): void {
    common = fields;
  },
  /** What its later lines say as well. */
  setContext(fields: Fields): void {
    common = { ...common, ...fields };
  },
};
