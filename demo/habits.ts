import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pg from 'pg';
import { CACHE_SECONDS, Habit } from './protocol';
import { rotatingPool, tlsOptions } from '../client/src';
import { Env, SecretValue } from '../src/contract';

/** Makes the pool that a service of that habit would make. Each reads the same secret, named by the environment. */
export async function poolFor(habit: Habit, options: pg.PoolConfig): Promise<pg.Pool> {
  switch (habit) {
    case 'rotating':
      return rotatingPool(options);
    case 'read-once':
      return readOncePool(options);
    case 'cached':
      return cachedPool(options);
  }
}

async function readOncePool(options: pg.PoolConfig): Promise<pg.Pool> {
  const secret = await readSecret();
  return new pg.Pool({ ...options, ...target(secret), user: secret.username, password: secret.password });
}

/**
 * pg takes a function for the password, and none for the user: that stays the one that the service found at its start.
 */
async function cachedPool(options: pg.PoolConfig): Promise<pg.Pool> {
  let secret = await readSecret();
  let readAt = performance.now();
  const password = async () => {
    if (performance.now() - readAt > CACHE_SECONDS * 1000) {
      readAt = performance.now();
      secret = await readSecret();
    }
    return secret.password;
  };
  return new pg.Pool({ ...options, ...target(secret), user: secret.username, password });
}

const secretsManager = new SecretsManagerClient({});

async function readSecret(): Promise<SecretValue> {
  const { SecretString } = await secretsManager.send(
    new GetSecretValueCommand({ SecretId: process.env[Env.SECRET_ARN] }),
  );
  return JSON.parse(SecretString ?? '') as SecretValue;
}

function target({ host, port, dbname }: SecretValue): pg.PoolConfig {
  return { host, port: Number(port), database: dbname, ssl: tlsOptions(host) };
}
