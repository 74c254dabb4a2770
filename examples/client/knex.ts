import knex from 'knex';
import { rotatingPool } from 'rotating-postgres-client';
import type { Example } from './example.js';

const pool = rotatingPool({ max: 5 });
pool.on('error', error => console.warn(error.message));
const db = knex({ client: 'pg', connectionPool: pool });

export const example: Example = {
  query: async text => (await db.raw(text)).rows,
  transaction: (...texts) =>
    db.transaction(async tx => {
      const results = [];
      for (const text of texts) results.push((await tx.raw(text)).rows);
      return results;
    }),
  close: async () => {
    await db.destroy();
    await pool.end();
  },
};
