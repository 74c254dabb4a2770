import { rotatingStream } from 'rotating-postgres-client';
import { QueryTypes, Sequelize } from 'sequelize';
import type { Example } from './example.js';

const db = new Sequelize({
  dialect: 'postgres',
  dialectOptions: { stream: rotatingStream() },
  pool: { max: 5 },
  logging: false,
});

export const example: Example = {
  query: text => db.query(text, { type: QueryTypes.SELECT }),
  transaction: (...texts) =>
    db.transaction(async transaction => {
      const results = [];
      for (const text of texts) results.push(await db.query(text, { type: QueryTypes.SELECT, transaction }));
      return results;
    }),
  close: () => db.close(),
};
