import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { startHttps } from './https-front';
import { ServerLog } from './server-log';
import { Subject } from './subject';
import { type Arrival, Trial } from './trial';
import type { SecretValue } from '../../src/contract';
import { type Login, randomPassword, startPostgres, withClient } from '../../test/local/postgres';
import { startSecretsManager } from '../../test/local/secrets-manager';
import { newTenancy } from '../../test/local/servers';

export type Strategy = 'single' | 'alternating';

/** A PostgreSQL that logs every statement, and a strict Secrets Manager. */
export interface Stage {
  readonly postgresVersion: string;
  /**
   * A new application user, rotated by a function that a command starts with these environment variables besides those
   * of all.
   */
  addTrial(strategy: Strategy, command: string, settings?: Record<string, string>): Promise<Trial>;
  stop(): Promise<void>;
}

/** Files go into `scratch`. Secrets Manager speaks HTTPS, as AWS's does, or HTTP. */
export async function setStage(scratch: string, protocol: 'https' | 'http'): Promise<Stage> {
  const server = await startPostgres();
  const tenancy = await newTenancy(server);
  const superuser = <T>(sql: string) =>
    withClient(server, server.superuser, 'postgres', async client => (await client.query(sql)).rows[0] as T);
  const { version } = await superuser<{ version: string }>("SELECT current_setting('server_version') AS version");
  await superuser("ALTER SYSTEM SET log_statement = 'all'");
  await superuser('SELECT pg_reload_conf()');

  const log = new ServerLog(server.logFile);
  const arrivals: Arrival[] = [];
  const subjects = new Map<string, Subject>();
  const secrets = await startSecretsManager({
    before: call => arrivals.push({ call, at: log.position() }),
    invoke: event => subjects.get(event.SecretId)!.invoke(event),
  });
  const front = protocol === 'https' ? await startHttps(secrets.endpoint) : undefined;
  const caFile = join(scratch, 'ca.pem');
  writeFileSync(caFile, [readFileSync(server.caFile, 'utf8'), front?.authority].join('\n'));
  const environment = {
    ...secrets.environment,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: front?.endpoint ?? secrets.endpoint,
    ...Object.fromEntries(['NODE_EXTRA_CA_CERTS', 'AWS_CA_BUNDLE', 'PGSSLROOTCERT'].map(name => [name, caFile])),
  };

  const createSecret = async (login: Login, fields: Partial<SecretValue> = {}) => {
    const value: SecretValue = {
      engine: 'postgres',
      host: tenancy.host,
      port: tenancy.port,
      dbname: tenancy.database,
      ...login,
      ...fields,
    };
    const { ARN } = await secrets.client.send(
      new CreateSecretCommand({ Name: randomUUID(), SecretString: JSON.stringify(value) }),
    );
    return ARN!;
  };
  const masterarn = await createSecret(tenancy.admin);

  return {
    postgresVersion: version,
    async addTrial(strategy, command, settings = {}) {
      const login = { username: tenancy.name(`user${subjects.size}`), password: randomPassword() };
      const { username, password } = login;
      await withClient(tenancy, tenancy.admin, tenancy.database, async client =>
        client.query(`CREATE ROLE ${escapeIdentifier(username)} LOGIN PASSWORD ${escapeLiteral(password)}`),
      );
      const secret = await createSecret(login, strategy === 'alternating' ? { masterarn } : {});
      const subject = new Subject(command, { ...environment, ...settings });
      subjects.set(secret, subject);
      return new Trial(subject, log, arrivals, async () => secrets.rotate(secret));
    },
    async stop() {
      await Promise.all([...subjects.values()].map(async subject => subject.stop()));
      await front?.stop();
      await secrets.stop();
      await server.stop();
    },
  };
}
