/** A logger. Pino, Winston, Powertools and `console` are compatible. */
export interface Logger {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/**
 * Logs warnings and errors to the console. Without them, an outage of Secrets Manager would only be noticed at the next
 * rotation.
 */
export const defaultLogger: Logger = {
  info: () => {},
  warn: (message, fields) => console.warn(`rotating-postgres-client: ${message}`, ...(fields ? [fields] : [])),
  error: (message, fields) => console.error(`rotating-postgres-client: ${message}`, ...(fields ? [fields] : [])),
};
