import { PrismaPg } from '@prisma/adapter-pg';
import { rotatingPool } from 'rotating-postgres-client';
import type { Example } from './example.js';

const pool = rotatingPool({ max: 5 });
// In an application: new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: true }) })
const adapter = await new PrismaPg(pool, { disposeExternalPool: true }).connect();
const raw = (sql: string) => ({ sql, args: [], argTypes: [] });
type Result = Awaited<ReturnType<typeof adapter.queryRaw>>;
const objects = ({ columnNames, rows }: Result) =>
  rows.map(row => Object.fromEntries(row.map((value, i) => [columnNames[i], value])));

export const example: Example = {
  query: async text => objects(await adapter.queryRaw(raw(text))),
  transaction: async (...texts) => {
    const transaction = await adapter.startTransaction();
    const results = [];
    for (const text of texts) results.push(objects(await transaction.queryRaw(raw(text))));
    // With this adapter Prisma sends COMMIT itself, and then says that it is over.
    await transaction.executeRaw(raw('commit'));
    await transaction.commit();
    return results;
  },
  close: () => adapter.dispose(),
};
