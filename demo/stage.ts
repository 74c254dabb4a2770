import { randomUUID } from 'node:crypto';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { DatabaseUserProperties, Env, RotationStrategyName, SecretValue } from '../src/contract';
import { FunctionProcess } from '../test/local/function-process';
import { PostgresServer, randomPassword, startPostgres, withClient } from '../test/local/postgres';
import { LocalSecretsManager, startSecretsManager } from '../test/local/secrets-manager';

/** An application's database, and the secret that its services log in with. */
export interface Application {
  readonly strategy: RotationStrategyName;
  readonly secretArn: string;
  /** The environment of its services: the same as in AWS, and where our local AWS is. */
  readonly environment: Record<string, string>;
  /** Rows that services of that habit inserted. */
  rows(habit: string): Promise<number>;
}

/** PostgreSQL, Secrets Manager and the two functions of the package, on this machine. */
export interface Stage {
  readonly secretsManager: LocalSecretsManager;
  readonly postgresVersion: string;
  addApplication(strategy: RotationStrategyName): Promise<Application>;
}

/** Sets the stage. What it starts, it also puts on `closers`, to be run last to first. */
export async function setStage(closers: (() => unknown)[]): Promise<Stage> {
  const postgres = await startPostgres();
  closers.push(postgres.stop);
  const secretsManager = await startSecretsManager({ invoke: event => rotation.invoke(event) });
  closers.push(secretsManager.stop);
  const environment = { ...secretsManager.environment, [Env.EXTRA_CA_CERTS]: postgres.caFile };
  const rotation = new FunctionProcess('rotation', environment);
  const databaseUser = new FunctionProcess('database-user', environment);
  closers.push(
    () => rotation.stop(),
    () => databaseUser.stop(),
  );

  const adminSecretArn = await createSecret(secretsManager, 'Demo/Admin', {
    engine: 'postgres',
    host: postgres.host,
    port: postgres.port,
    dbname: 'postgres',
    ...postgres.admin,
  });
  const {
    rows: [{ server_version: postgresVersion }],
  } = await asAdmin(postgres, 'postgres', 'SHOW server_version');

  return {
    secretsManager,
    postgresVersion,
    addApplication: async strategy => {
      const database = `orders_${strategy}`;
      await asAdmin(postgres, 'postgres', `CREATE DATABASE ${database}`);
      const secretArn = await createSecret(secretsManager, `Demo/Orders/${strategy}`, {
        username: database,
        password: randomPassword(),
      });
      const properties: DatabaseUserProperties = {
        secretArn,
        adminSecretArn,
        username: database,
        engine: 'postgres',
        host: postgres.host,
        port: String(postgres.port),
        database,
        privileges: 'owner',
        strategy,
      };
      await databaseUser.invoke({ RequestType: 'Create', RequestId: randomUUID(), ResourceProperties: properties });
      const asApplication = async (sql: string, values: string[] = []) => {
        const { SecretString = '' } = await secretsManager.client.send(
          new GetSecretValueCommand({ SecretId: secretArn }),
        );
        return withClient(postgres, JSON.parse(SecretString) as SecretValue, database, async client =>
          client.query(sql, values),
        );
      };
      await asApplication(
        'CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, service text, placed ' +
          'timestamptz DEFAULT now())',
      );
      return {
        strategy,
        secretArn,
        environment: { ...environment, [Env.SECRET_ARN]: secretArn },
        rows: async habit =>
          (await asApplication('SELECT count(*)::int AS rows FROM orders WHERE service = $1', [habit])).rows[0].rows,
      };
    },
  };
}

async function createSecret(
  secretsManager: LocalSecretsManager,
  Name: string,
  value: Partial<SecretValue>,
): Promise<string> {
  const { ARN = '' } = await secretsManager.client.send(
    new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }),
  );
  return ARN;
}

async function asAdmin(postgres: PostgresServer, database: string, sql: string) {
  return withClient(postgres, postgres.admin, database, async client => client.query(sql));
}
