import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { DatabaseUserProperties, SecretValue } from '../../../src/contract';
import { FunctionProcess } from '../../local/function-process';
import { type Login, type PostgresServer, withClient } from '../../local/postgres';
import { type LocalSecretsManager, startSecretsManager, type SecretsManagerOptions } from '../../local/secrets-manager';
import { newTenancy, type Tenancy } from '../../local/servers';

/** The shipped functions, a real PostgreSQL and a strict Secrets Manager, for one test file. */
export interface Rig extends Tenancy {
  readonly secrets: LocalSecretsManager;
  readonly rotation: FunctionProcess;
  readonly databaseUser: FunctionProcess;
  /** ARN of the admin's secret. */
  readonly adminSecret: string;
  /** What the secret of a login holds in AWS's shape. */
  value(login: Login, fields?: Partial<SecretValue>): SecretValue;
  createSecret(name: string, value: unknown): Promise<string>;
  read(secretId: string, stage?: string): Promise<SecretValue>;
  /** Creates an application user through the custom resource's function; its secret's ARN. */
  createUser(role: string, properties?: Partial<DatabaseUserProperties>): Promise<string>;
  properties(secretArn: string, username: string, properties?: Partial<DatabaseUserProperties>): DatabaseUserProperties;
  /** Logs in with what the secret says and runs the query; rows. */
  query(secretId: string, text: string, stage?: string): Promise<Record<string, unknown>[]>;
  /** What the superuser sees. */
  inspect(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  serverLog(): string;
  stop(): Promise<void>;
}

/** @param settings Environment of the functions, besides what leads them here */
export async function startRig(
  options: SecretsManagerOptions = {},
  server?: PostgresServer,
  settings: Record<string, string> = {},
): Promise<Rig> {
  const tenancy = await newTenancy(server);
  const secrets = await startSecretsManager({ ...options, invoke: event => rotation.invoke(event) });
  const environment = { ...secrets.environment, NODE_EXTRA_CA_CERTS: tenancy.caFile, ...settings };
  const rotation = new FunctionProcess('rotation', environment);
  const databaseUser = new FunctionProcess('database-user', environment);

  const value = (login: Login, fields: Partial<SecretValue> = {}): SecretValue => ({
    engine: 'postgres',
    host: tenancy.host,
    port: tenancy.port,
    dbname: tenancy.database,
    ...login,
    ...fields,
  });
  const createSecret = async (name: string, content: unknown) => {
    const SecretString = typeof content === 'string' ? content : JSON.stringify(content);
    const { ARN } = await secrets.client.send(
      new CreateSecretCommand({ Name: `${name}-${randomUUID()}`, SecretString }),
    );
    return ARN!;
  };
  const read = async (secretId: string, stage = 'AWSCURRENT') => {
    const { SecretString } = await secrets.client.send(
      new GetSecretValueCommand({ SecretId: secretId, VersionStage: stage }),
    );
    return JSON.parse(SecretString!) as SecretValue;
  };
  const adminSecret = await createSecret('admin', value(tenancy.admin));
  const properties = (
    secretArn: string,
    username: string,
    given: Partial<DatabaseUserProperties> = {},
  ): DatabaseUserProperties => ({
    secretArn,
    adminSecretArn: adminSecret,
    username,
    engine: 'postgres',
    host: tenancy.host,
    port: String(tenancy.port),
    database: tenancy.database,
    dbInstanceIdentifier: 'local',
    privileges: 'owner',
    strategy: 'alternating',
    ...given,
  });

  return {
    ...tenancy,
    secrets,
    rotation,
    databaseUser,
    adminSecret,
    value,
    createSecret,
    read,
    properties,
    async createUser(role, given) {
      const username = tenancy.name(role);
      // which is all that is generated
      const secretArn = await createSecret('user', { password: `initial-${randomUUID()}` });
      await databaseUser.invoke({
        RequestType: 'Create',
        RequestId: randomUUID(),
        ResourceProperties: properties(secretArn, username, given),
      });
      return secretArn;
    },
    async query(secretId, text, stage) {
      const { username, password, dbname } = await read(secretId, stage);
      return withClient(tenancy, { username, password }, dbname!, async client => (await client.query(text)).rows);
    },
    inspect: (text, values) =>
      withClient(tenancy, tenancy.superuser, tenancy.database, async client => (await client.query(text, values)).rows),
    serverLog: () => readFileSync(tenancy.logFile, 'utf8'),
    async stop() {
      await Promise.all([rotation.stop(), databaseUser.stop()]);
      await secrets.stop();
    },
  };
}
