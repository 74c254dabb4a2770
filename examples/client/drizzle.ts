import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { rotatingPool } from 'rotating-postgres-client';
import type { Example } from './example.js';

const pool = rotatingPool({ max: 5 });
pool.on('error', error => console.warn(error.message));
const db = drizzle(pool);

export const example: Example = {
  query: async text => (await db.execute(sql.raw(text))).rows,
  transaction: (...texts) =>
    db.transaction(async tx => {
      const results = [];
      for (const text of texts) results.push((await tx.execute(sql.raw(text))).rows);
      return results;
    }),
  close: () => pool.end(),
};
