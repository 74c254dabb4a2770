type Fields = Readonly<Record<string, unknown>>;

/** The fields of every line of the current invocation. A process runs one invocation at a time. */
let common: Fields = {};

function at(level: 'INFO' | 'WARN' | 'ERROR') {
  return (message: string, fields: Fields = {}) => {
    const line = JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...common, ...fields });
    // Not through `console`: the Lambda runtime wraps its output, and CloudWatch then finds no embedded metrics in it.
    process.stdout.write(`${line}\n`);
  };
}

/** Structured log lines; Lambda filters them by `level`. Values of secrets are never passed to it. */
export const log = {
  info: at('INFO'),
  warn: at('WARN'),
  error: at('ERROR'),
  /** Starts the log of an invocation, with fields for all of its lines. */
  begin(fields: Fields): void {
    common = fields;
  },
  /** Adds fields to all later lines of the invocation. */
  setContext(fields: Fields): void {
    common = { ...common, ...fields };
  },
};
