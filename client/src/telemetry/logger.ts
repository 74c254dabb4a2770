/** Where to log. Pino, Winston, Powertools and `console` fit. */
export interface Logger {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/**
 * Logs only what needs action: without it an outage of Secrets Manager would not be noticed before the next rotation.
 */
export const defaultLogger: Logger = {
  info: () => {},
  warn: (message, fields) => console.warn(`rotating-postgres-client: ${message}`, ...(fields ? [fields] : [])),
  error: (message, fields) => console.error(`rotating-postgres-client: ${message}`, ...(fields ? [fields] : [])),
};
