import { defineConfig, MikroORM } from '@mikro-orm/postgresql';
import { PostgresDialect } from 'kysely';
import { rotatingPool } from 'rotating-postgres-client';
import type { Example } from './example.js';

const pool = rotatingPool({ max: 5 });
pool.on('error', error => console.warn(error.message));
const orm = await MikroORM.init(
  defineConfig({
    dbName: 'orders',
    ensureDatabase: false, // it is the secret's, and nothing is to be created
    driverOptions: new PostgresDialect({ pool }),
    entities: [],
    discovery: { warnWhenNoEntities: false },
  }),
);

export const example: Example = {
  query: text => orm.em.getConnection().execute(text),
  transaction: (...texts) =>
    orm.em.fork().transactional(async em => {
      const results = [];
      for (const text of texts) results.push(await em.execute(text));
      return results;
    }),
  close: () => orm.close(),
};
