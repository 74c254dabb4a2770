import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import pg, { escapeIdentifier, escapeLiteral } from 'pg';
import { startRelay } from './relay';
import { Env } from '../../src/contract';
import { type Login, randomPassword, startPostgres } from '../../test/local/postgres';
import { startSecretsManager } from '../../test/local/secrets-manager';
import { newTenancy } from '../../test/local/servers';

export type Strategy = 'single' | 'alternating';

/** An application user with its secret, and how it is rotated. */
export interface Application {
  readonly secretArn: string;
  readonly logins: readonly string[];
  /**
   * A rotation as its function does it. Single: AWSPENDING is written, the password changed, and AWSCURRENT moved after
   * the gap.
   */
  rotate(gapMillis: number, strategy?: Strategy): Promise<void>;
  /** AWSCURRENT moves first, and the password changes after the lag: so a replica sees a rotation. */
  rotateBehind(lagMillis: number): Promise<void>;
  /** The password is changed and written nowhere. */
  lockOut(): Promise<void>;
}

export type Stage = Awaited<ReturnType<typeof setStage>>;

/** A PostgreSQL and a strict Secrets Manager, behind a relay that can make it fail. */
export async function setStage() {
  const server = await startPostgres();
  const tenancy = await newTenancy(server);
  const secrets = await startSecretsManager();
  const relay = await startRelay(secrets.endpoint);
  const { superuser } = server;
  const ca = readFileSync(server.caFile, 'utf8');
  const admin = new pg.Pool({
    host: server.host,
    port: server.port,
    user: superuser.username,
    password: superuser.password,
    database: tenancy.database,
    ssl: { ca },
    max: 20,
    options: '-c log_statement=none',
  });
  const {
    rows: [{ version }],
  } = await admin.query<{ version: string }>("SELECT current_setting('server_version') AS version");
  let count = 0;

  async function addApplication(strategy: Strategy = 'single'): Promise<Application> {
    const first = { username: tenancy.name(`app${count++}`), password: randomPassword() };
    const second = { username: `${first.username}_clone`, password: randomPassword() };
    for (const { username, password } of [first, second]) {
      await admin.query(`CREATE ROLE ${escapeIdentifier(username)} LOGIN PASSWORD ${escapeLiteral(password)}`);
    }
    const json = (login: Login) =>
      JSON.stringify({ engine: 'postgres', host: server.host, port: server.port, dbname: tenancy.database, ...login });
    const { ARN = '' } = await secrets.client.send(
      new CreateSecretCommand({ Name: randomUUID(), SecretString: json(first) }),
    );
    let current = { id: '', login: first as Login };
    const put = async (login: Login, stage: string) => {
      const { VersionId = '' } = await secrets.client.send(
        new PutSecretValueCommand({ SecretId: ARN, SecretString: json(login), VersionStages: [stage] }),
      );
      return VersionId;
    };
    const move = async (to: string, from: string) => {
      await relay.snapshot(ARN);
      const label = (stage: string, MoveToVersionId?: string, RemoveFromVersionId?: string) =>
        secrets.client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: ARN,
            VersionStage: stage,
            MoveToVersionId,
            RemoveFromVersionId,
          }),
        );
      await label('AWSCURRENT', to, from);
      await label('AWSPENDING', undefined, to);
    };
    const alter = ({ username, password }: Login) =>
      admin.query(`ALTER ROLE ${escapeIdentifier(username)} PASSWORD ${escapeLiteral(password)}`);
    current.id = await put(first, 'AWSCURRENT');
    return {
      secretArn: ARN,
      logins: [first.username, second.username],
      async rotate(gapMillis, how = strategy) {
        const other = current.login.username === first.username ? second : first;
        const login = {
          username: how === 'single' ? current.login.username : other.username,
          password: randomPassword(),
        };
        await relay.snapshot(ARN);
        const id = await put(login, 'AWSPENDING');
        await alter(login);
        await pause(gapMillis);
        await move(id, current.id);
        current = { id, login };
      },
      async rotateBehind(lagMillis) {
        const login = { ...current.login, password: randomPassword() };
        const id = await put(login, 'AWSPENDING');
        await move(id, current.id);
        await pause(lagMillis);
        await alter(login);
        current = { id, login };
      },
      async lockOut() {
        await alter({ ...current.login, password: randomPassword() });
      },
    };
  }

  return {
    postgresVersion: version,
    relay,
    addApplication,
    /** Environment of a process that uses the database. */
    environment: {
      ...secrets.environment,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: relay.endpoint,
      [Env.EXTRA_CA_CERTS]: server.caFile,
    },
    /** How often Secrets Manager was asked for a value of this secret. */
    reads: (secretArn: string) => relay.reads.get(secretArn) ?? 0,
    /** How often the server has refused a login of these users. */
    refusals(logins: readonly string[]): number {
      const log = readFileSync(server.logFile, 'utf8');
      return logins.reduce(
        (sum, login) => sum + log.split(`password authentication failed for user "${login}"`).length - 1,
        0,
      );
    },
    async stop() {
      await admin.end();
      await relay.stop();
      await secrets.stop();
      await server.stop();
    },
  };
}
