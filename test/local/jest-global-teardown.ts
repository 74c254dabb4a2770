import { running } from './jest-global-setup';

/** Stops the PostgreSQL of the jest run. */
export default async function tearDown(): Promise<void> {
  await running.localPostgres?.stop();
}
