import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import type { Application } from './aws-made-application';
import type { Rig } from './rig';
import type { Login } from '../../local/postgres';

const connection = (rig: Rig, { username: user, password }: Login, database: string) => ({
  host: rig.host,
  port: rig.port,
  user,
  password,
  database,
  ssl: { ca: readFileSync(rig.caFile, 'utf8') },
});

/** What the application's code does, each on its own. */
const USES: Record<string, string> = {
  'reads its table': 'SELECT id FROM own_table',
  'writes its table, and draws from its sequence': 'INSERT INTO own_table DEFAULT VALUES',
  'alters its table': 'ALTER TABLE own_table ADD COLUMN more int',
  'drops its table': 'DROP TABLE own_table CASCADE',
  'reads its view': 'SELECT * FROM own_view',
  'refreshes its materialized view': 'REFRESH MATERIALIZED VIEW own_materialized',
  'calls its function': 'SELECT own_function()',
  'replaces its function': 'CREATE OR REPLACE FUNCTION own_function() RETURNS int LANGUAGE sql AS $$SELECT 2$$',
  'calls its procedure': 'CALL own_procedure()',
  'uses its type': "SELECT 'a'::own_type",
  'changes its type': 'ALTER TYPE own_type RENAME TO other_type',
  'creates in its schema': 'CREATE TABLE own_schema.more (id int)',
  'drops its schema': 'DROP SCHEMA own_schema CASCADE',
  'reads its large object': 'SELECT lo_get(lo) FROM own_large_object',
  'changes its large object': "SELECT lo_put(lo, 0, 'x') FROM own_large_object",
  "reads another's table": 'SELECT * FROM third.granted',
  "writes another's table": 'INSERT INTO third.granted VALUES (1)',
  "reads a column of another's table": 'SELECT a FROM third.columns',
  "changes a column of another's table": 'UPDATE third.columns SET b = 2',
  "draws from another's sequence": "SELECT nextval('third.numbers')",
  "calls another's function": 'SELECT third.reserved(1)',
  "uses another's type": 'CREATE TEMPORARY TABLE t (x third.reserved_type)',
  "creates in another's schema": 'CREATE TABLE third.mine (id int)',
  "reads another's large object": 'SELECT lo_get(lo) FROM third.large_object',
  'sees the rows that a policy lets it see': 'SELECT 1 / count(*) FROM third.policed',
  'reads what another creates later': 'SELECT * FROM third.later',
  'reads what its group may': 'SELECT * FROM third.for_group',
};

/** Which of its statements a session of the application may run; else why not. */
export async function abilities(client: Client): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [use, statement] of Object.entries(USES)) {
    await client.query('BEGIN');
    found[use] = await client.query(statement).then(
      () => 'may',
      error => `${error.code} ${error.message}`,
    );
    await client.query('ROLLBACK');
  }
  return found;
}
export const ALL = Object.fromEntries(Object.keys(USES).map(use => [use, 'may']));

/** Sessions of the application that stand all the time, and work. */
export async function standing(rig: Rig, app: Application) {
  const clients = await Promise.all(
    [app.owner, app.alternate].map(async login => {
      const client = new Client(connection(rig, login, app.database));
      await client.connect();
      return client;
    }),
  );
  const [owner, alternate] = clients;
  return {
    owner,
    alternate,
    /** Works on and on in both sessions until the work is done; how often. */
    async during(work: Promise<unknown>): Promise<number> {
      let [done, times] = [false, 0];
      void work.finally(() => {
        done = true;
      });
      while (!done) {
        await alternate.query(
          'INSERT INTO own_table DEFAULT VALUES; SELECT own_function(); SELECT * FROM third.granted',
        );
        await owner.query('INSERT INTO owners_table VALUES (1)');
        times++;
      }
      return times;
    },
    end: () => Promise.all(clients.map(client => client.end())),
  };
}
