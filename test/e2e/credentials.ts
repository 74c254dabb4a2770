import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import type { LocalCloud } from './local-cloud';
import type { SecretValue } from '../../src/contract';

/** The secrets of a deployment, and the logins that they make possible. */
export class Credentials {
  /** Every password that was ever read, to be looked for where none may be. */
  readonly passwords = new Set<string>();
  private readonly client: SecretsManagerClient;

  constructor(private readonly cloud: LocalCloud) {
    this.client = new SecretsManagerClient(cloud.client);
  }

  /** The value of the version with a label. */
  async value(secretId: string, stage = 'AWSCURRENT'): Promise<SecretValue> {
    const { SecretString = '' } = await this.client.send(
      new GetSecretValueCommand({ SecretId: secretId, VersionStage: stage }),
    );
    const value = JSON.parse(SecretString) as SecretValue;
    this.passwords.add(value.password);
    return value;
  }

  /** The version that each label is on. */
  async labels(secretId: string): Promise<Record<string, string>> {
    const { VersionIdsToStages = {} } = await this.client.send(new DescribeSecretCommand({ SecretId: secretId }));
    return Object.fromEntries(
      Object.entries(VersionIdsToStages).flatMap(([version, stages]) => stages.map(stage => [stage, version])),
    );
  }

  /** The tags of the secret, without CloudFormation's own. */
  async tags(secretId: string): Promise<Record<string, string>> {
    const { Tags = [] } = await this.client.send(new DescribeSecretCommand({ SecretId: secretId }));
    return Object.fromEntries(
      Tags.filter(({ Key }) => !Key?.startsWith('aws:')).map(({ Key = '', Value = '' }) => [Key, Value]),
    );
  }

  /** Rotates as anybody does who calls the API, and waits for the end. The new version. */
  async rotate(secretId: string): Promise<string> {
    const { VersionId = '' } = await this.client.send(new RotateSecretCommand({ SecretId: secretId }));
    await this.settled(secretId);
    return VersionId;
  }

  /** Waits for the end of the rotation under way; rejects if it failed. AWS tells its end by labels alone. */
  async settled(secretId: string): Promise<void> {
    for (;;) {
      const { AWSPENDING: pending, AWSCURRENT: current } = await this.labels(secretId);
      if (!pending || pending === current) return;
      const failure = this.cloud.log.split('\n').find(line => line.includes(`rotation of ${secretId} failed`));
      if (failure) throw new Error(failure);
      this.cloud.signal.throwIfAborted();
      await delay(100);
    }
  }

  /** Logs in over verified TLS; who the session then is. Rejects as PostgreSQL does. */
  async logIn(value: SecretValue): Promise<{ login: string; role: string }> {
    return (await this.query(value, 'SELECT session_user AS login, current_user AS role'))[0] as {
      login: string;
      role: string;
    };
  }

  /** Logs in and runs one statement. */
  async query(value: SecretValue, sql: string, { tls = true } = {}): Promise<unknown[]> {
    const client = new Client({
      host: value.host,
      port: Number(value.port),
      user: value.username,
      password: value.password,
      database: value.dbname,
      ssl: tls && { ca: readFileSync(this.cloud.caFile, 'utf8') },
    });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }
}
