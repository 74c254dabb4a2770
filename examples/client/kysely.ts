import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { rotatingPool } from 'rotating-postgres-client';
import type { Example } from './example.js';

const pool = rotatingPool({ max: 5 });
pool.on('error', error => console.warn(error.message));
const db = new Kysely<object>({ dialect: new PostgresDialect({ pool }) });

export const example: Example = {
  query: async text => (await db.executeQuery<object>(CompiledQuery.raw(text))).rows,
  transaction: (...texts) =>
    db.transaction().execute(async tx => {
      const results = [];
      for (const text of texts) results.push((await tx.executeQuery<object>(CompiledQuery.raw(text))).rows);
      return results;
    }),
  close: () => db.destroy(),
};
