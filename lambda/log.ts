/** Structured lines: the function's log format is JSON, which keeps an object's fields apart. No value of a secret is ever passed. */
type Fields = Readonly<Record<string, unknown>>;

export const log = {
  info: (message: string, fields: Fields = {}) => console.info({ message, ...fields }),
  warn: (message: string, fields: Fields = {}) => console.warn({ message, ...fields }),
  error: (message: string, fields: Fields = {}) => console.error({ message, ...fields }),
};
