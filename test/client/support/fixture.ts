import './load-sdk';
import { readFileSync } from 'node:fs';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { escapeIdentifier, escapeLiteral, type Client, type Pool } from 'pg';
import { rotatingPool, type RotatingPoolOptions } from '../../../client/src/pool/rotating-pool';
import type { Logger } from '../../../client/src/telemetry/logger';
import { Env } from '../../../src/contract';
import { type Login, randomPassword, withClient } from '../../local/postgres';
import { type LocalSecretsManager, type SecretsManagerOptions, startSecretsManager } from '../../local/secrets-manager';
import { newTenancy, type Tenancy } from '../../local/servers';

const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** An application user with its secret, and pools that log in with it. */
export class Application {
  static async start(options?: SecretsManagerOptions): Promise<Application> {
    const tenancy = await newTenancy();
    process.env[Env.EXTRA_CA_CERTS] = tenancy.caFile;
    const secretsManager = await startSecretsManager(options);
    const user = { username: tenancy.name('app'), password: randomPassword() };
    const application = new Application(tenancy, secretsManager, user);
    await application.createLogin(user);
    const created = await secretsManager.client.send(
      new CreateSecretCommand({ Name: tenancy.name('Orders'), SecretString: application.json(user) }),
    );
    application.secretArn = created.ARN!;
    return application;
  }

  secretArn = '';
  private readonly pools: Pool[] = [];

  private constructor(
    readonly tenancy: Tenancy,
    readonly secretsManager: LocalSecretsManager,
    readonly user: Login,
  ) {}

  pool(options: RotatingPoolOptions = {}): Pool {
    const pool = rotatingPool({
      secretId: this.secretArn,
      client: this.secretsManager.client,
      logger: SILENT,
      ...options,
    });
    pool.on('error', () => {}); // connections that the server ends while idle
    this.pools.push(pool);
    return pool;
  }

  /** Writes a login as the secret's value. */
  async put(login: Login, stage: 'AWSCURRENT' | 'AWSPENDING' = 'AWSCURRENT'): Promise<void> {
    const command = new PutSecretValueCommand({
      SecretId: this.secretArn,
      SecretString: this.json(login),
      VersionStages: [stage],
    });
    await this.secretsManager.client.send(command);
  }

  /** How often the secret was read. */
  get reads(): number {
    return this.secretsManager.calls.filter(({ action }) => action === 'GetSecretValue').length;
  }

  /** How often PostgreSQL refused the user's password. */
  get refusals(): number {
    return (
      readFileSync(this.tenancy.logFile, 'utf8').split(
        `password authentication failed for user "${this.user.username}"`,
      ).length - 1
    );
  }

  async createLogin({ username, password }: Login): Promise<void> {
    await this.asSuperuser(`CREATE ROLE ${escapeIdentifier(username)} LOGIN PASSWORD ${escapeLiteral(password)}`);
  }

  /** Changes the password in PostgreSQL only; returns the new login. */
  async changePassword(password = randomPassword()): Promise<Login> {
    const login = { ...this.user, password };
    await this.asSuperuser(`ALTER ROLE ${escapeIdentifier(login.username)} PASSWORD ${escapeLiteral(login.password)}`);
    return login;
  }

  async asSuperuser(sql: string): Promise<void> {
    const { tenancy } = this;
    await withClient(tenancy, tenancy.superuser, tenancy.database, async (client: Client) => {
      await client.query('SET log_statement = none');
      await client.query(sql);
    });
  }

  json(login: Login, fields: object = {}): string {
    const { host, port, database } = this.tenancy;
    return JSON.stringify({ engine: 'postgres', host, port, dbname: database, ...login, ...fields });
  }

  async stop(): Promise<void> {
    await Promise.all(this.pools.filter(pool => !pool.ended).map(pool => pool.end()));
    await this.secretsManager.stop();
  }
}
