import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { scramVerifier } from '../../../lambda/credential/scram';
import type { RotationStrategyName } from '../../../src/contract';
import { type PostgresServer, randomPassword, withClient } from '../../local/postgres';
import type { Rig } from '../support/rig';

/** The login of an application with its secret, and what it takes to look at them past the faults. */
export interface Subject {
  readonly secret: string;
  readonly username: string;
  /** Whether what has the label logs in. */
  logsIn(stage?: string): Promise<boolean>;
  /**
   * Whether what has to log in at every moment does: AWSCURRENT, or, for a single user in the middle of a rotation,
   * AWSPENDING.
   */
  isAlive(): Promise<boolean>;
  /** The version that has each label. */
  labels(): Promise<Record<string, string>>;
  /** Keeps what the database knows of the logins; what puts it back, as a restored database does. */
  snapshot(): Promise<() => Promise<void>>;
}

/** A login and its secret, made as the admin past the faults. */
export async function newSubject(
  base: Rig,
  server: PostgresServer,
  strategy: RotationStrategyName,
  username: string,
): Promise<Subject> {
  const password = randomPassword();
  const create = `CREATE ROLE "${username}" LOGIN PASSWORD '${await scramVerifier(password, null)}'`;
  await withClient(server, base.admin, 'postgres', client => client.query(create));
  const fields = strategy === 'alternating' ? { masterarn: base.adminSecret } : {};
  const secret = await base.createSecret('subject', base.value({ username, password }, fields));
  const subject: Subject = {
    secret,
    username,
    logsIn: async (stage = 'AWSCURRENT') =>
      logsIn(server, base.database, await base.read(secret, stage).catch(() => undefined)),
    async isAlive() {
      if (strategy === 'alternating') return subject.logsIn();
      // A rotation that goes on meanwhile may have moved the label from what was looked at second to what was
      // looked at first.
      return (await subject.logsIn()) || (await subject.logsIn('AWSPENDING')) || subject.logsIn();
    },
    async labels() {
      const { VersionIdsToStages: stages = {} } = await base.secrets.client.send(
        new DescribeSecretCommand({ SecretId: secret }),
      );
      return Object.fromEntries(
        Object.entries(stages).flatMap(([version, labels]) => labels.map(label => [label, version])),
      );
    },
    async snapshot() {
      const statements = await base.inspect(STATE_OF_LOGINS, [username]);
      return async () => {
        await base.inspect(statements.map(({ text }) => text).join(';'));
      };
    },
  };
  return subject;
}

/**
 * The statements that put back what a restored database knows of the logins whose names begin so. No `ALTER ROLE` takes
 * `VALID UNTIL` away.
 */
const STATE_OF_LOGINS = `
  SELECT format(
    'UPDATE pg_authid SET (rolpassword, rolvaliduntil) = ROW(%2$L, %3$L) WHERE rolname = %1$L;'
    ' COMMENT ON ROLE %1$I IS %4$L',
    rolname, rolpassword, rolvaliduntil, shobj_description(oid, 'pg_authid')) AS text
  FROM pg_authid WHERE starts_with(rolname, $1)`;

/** The passwords of all versions of a secret. */
export async function passwordsOf(client: SecretsManagerClient, SecretId: string): Promise<string[]> {
  const { Versions = [] } = await client.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
  const read = (VersionId?: string) =>
    client.send(new GetSecretValueCommand({ SecretId, VersionId })).catch(() => undefined);
  const values = await Promise.all(Versions.map(({ VersionId }) => read(VersionId)));
  return values.flatMap(value => /"password":"([^"]+)"/.exec(value?.SecretString ?? '')?.[1] ?? []);
}

async function logsIn(
  server: PostgresServer,
  database: string,
  login?: { username: string; password: string },
): Promise<boolean> {
  if (!login) return false;
  return withClient(server, login, database, async () => true).catch(error => {
    if (error.code === '28P01') return false;
    throw error;
  });
}
