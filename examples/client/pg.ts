import { rotatingPool } from 'rotating-postgres-client';
import type { Example } from './example.js';

const pool = rotatingPool({ max: 5 });
pool.on('error', error => console.warn(error.message)); // of a connection that was lost while idle

export const example: Example = {
  query: async text => (await pool.query(text)).rows,
  transaction: async (...texts) => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const results = [];
      for (const text of texts) results.push((await client.query(text)).rows);
      await client.query('commit');
      return results;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  },
  close: () => pool.end(),
};
