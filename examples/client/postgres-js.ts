import postgres from 'postgres';
import { rotatingStream } from 'rotating-postgres-client';
import type { Example } from './example.js';

// on their own, for postgres.js has `socket` in its manual and not in its types
const options = { socket: rotatingStream(), ssl: false, max: 5 };
const sql = postgres(options);

export const example: Example = {
  query: text => sql.unsafe(text),
  transaction: (...texts) =>
    sql.begin(async tx => {
      const results = [];
      for (const text of texts) results.push(await tx.unsafe(text));
      return results;
    }),
  close: () => sql.end(),
};
