import pgPromise from 'pg-promise';
import { rotatingStream } from 'rotating-postgres-client';
import type { Example } from './example.js';

const pgp = pgPromise();
const db = pgp({ stream: rotatingStream(), max: 5 });

export const example: Example = {
  query: text => db.any(text),
  transaction: (...texts) =>
    db.tx(async tx => {
      const results = [];
      for (const text of texts) results.push(await tx.any(text));
      return results;
    }),
  close: () => db.$pool.end(),
};
