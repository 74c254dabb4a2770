import pg from 'pg';
import { rotatingPool } from 'rotating-postgres-client';
import { DataSource } from 'typeorm';
import type { Example } from './example.js';

/** TypeORM makes its pool by this class. */
class Pool {
  constructor() {
    return rotatingPool({ max: 5 });
  }
}
const db = await new DataSource({ type: 'postgres', driver: { ...pg, Pool } }).initialize();

export const example: Example = {
  query: text => db.query(text),
  transaction: (...texts) =>
    db.transaction(async tx => {
      const results = [];
      for (const text of texts) results.push(await tx.query(text));
      return results;
    }),
  close: () => db.destroy(),
};
