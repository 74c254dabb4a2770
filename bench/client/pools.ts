import { createRequire } from 'node:module';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import { rotatingPool, stats, tlsOptions } from '../../client/src';
import type { SecretValue } from '../../src/contract';

export const PEERS = ['password-function', 'powertools', 'middy', 'nodejs-wrapper'] as const;
export type Kind = 'rotating' | 'bare' | (typeof PEERS)[number];

/** What is measured, whatever is behind it. */
export interface Subject {
  query(sql: string): Promise<unknown>;
  refusedLogins(): number;
  end(): Promise<void>;
}

export interface SubjectOptions {
  readonly kind: Kind;
  readonly secretArn: string;
  readonly max: number;
  readonly maxUses?: number;
  readonly ttlMillis?: number;
  readonly replicaLagMillis?: number;
  /** Folder whose node_modules has the peers. */
  readonly peers?: string;
}

/** Makes what a service of that kind would make. */
export async function subject({
  kind,
  secretArn,
  peers,
  ttlMillis,
  replicaLagMillis,
  ...options
}: SubjectOptions): Promise<Subject> {
  if (kind === 'rotating') {
    return fromPool(rotatingPool({ secretId: secretArn, ttlMillis, replicaLagMillis, ...options }));
  }
  const aws = new SecretsManagerClient({});
  const read = async () =>
    JSON.parse((await aws.send(new GetSecretValueCommand({ SecretId: secretArn }))).SecretString ?? '') as SecretValue;
  const { host, port, dbname, username, password } = await read();
  const place = { host, port: Number(port), database: dbname, ssl: tlsOptions(host) };
  const withPassword = (source: pg.PoolConfig['password']) =>
    fromPool(new pg.Pool({ ...options, ...place, user: username, password: source }));
  switch (kind) {
    case 'bare':
      return withPassword(password);
    case 'password-function':
      return withPassword(async () => (await read()).password);
    default: {
      const get = await cachedBy(kind, secretArn, peers);
      return typeof get === 'function'
        ? withPassword(async () => (await get()).password)
        : wrapped(get.module, secretArn, place);
    }
  }
}

/** The peer's way to read the secret, which is also what its reads are measured by. */
export async function cachedBy(
  kind: Kind,
  secretArn: string,
  peers?: string,
): Promise<(() => Promise<SecretValue>) | { module: Wrapper }> {
  if (!peers) throw new Error('the peers are in no folder that is known: --peers');
  const load = <T>(name: string) => createRequire(join(peers, 'package.json'))(name) as T;
  switch (kind) {
    case 'powertools': {
      const { getSecret } = load<{ getSecret(name: string, options: object): Promise<SecretValue> }>(
        '@aws-lambda-powertools/parameters/secrets',
      );
      return () => getSecret(secretArn, { transform: 'json' });
    }
    case 'middy': {
      type Middleware = (options: object) => object;
      const { default: middy } = load<{
        default: (handler: (event: object, context: { db: SecretValue }) => unknown) => {
          use(middleware: object): (event: object, context: object) => Promise<SecretValue>;
        };
      }>('@middy/core');
      const { default: secretsManager } = load<{ default: Middleware }>('@middy/secrets-manager');
      const middleware = secretsManager({ fetchData: { db: secretArn }, setToContext: true });
      const handler = middy((_event, context) => context.db).use(middleware);
      return () => handler({}, {});
    }
    default:
      return { module: load<Wrapper>('aws-advanced-nodejs-wrapper/pg') };
  }
}

interface Wrapper {
  AwsPGClient: new (options: object) => {
    connect(): Promise<void>;
    query(sql: string): Promise<unknown>;
    end(): Promise<void>;
  };
}

/** It is a client, not a pool: a connection for each query. */
function wrapped({ AwsPGClient }: Wrapper, secretArn: string, place: pg.PoolConfig): Subject {
  return {
    async query(sql) {
      const client = new AwsPGClient({
        ...place,
        plugins: 'secretsManager',
        secretId: secretArn,
        secretRegion: 'us-east-1',
        dialect: 'pg',
      });
      try {
        await client.connect();
        return await client.query(sql);
      } finally {
        await client.end().catch(() => undefined);
      }
    },
    refusedLogins: () => 0,
    end: () => Promise.resolve(),
  };
}

function fromPool(pool: pg.Pool): Subject {
  pool.on('error', () => {});
  return {
    query: sql => pool.query(sql),
    refusedLogins: () => stats(pool)?.refusedLogins ?? 0,
    end: () => pool.end(),
  };
}
