/** Where to say what happens. Pino, Winston, Powertools and `console` fit. */
export interface Logger {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/**
 * Says nothing but what somebody must see to: without it an outage of Secrets Manager would pass unseen until it hurts.
 */
export const defaultLogger: Logger = {
  info: () => {},
  warn: (message, fields) => console.warn(`rotating-postgres-client: ${message}`, ...(fields ? [fields] : [])),
  error: (message, fields) => console.error(`rotating-postgres-client: ${message}`, ...(fields ? [fields] : [])),
};
