import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { scramVerifier } from '../../../lambda/credential/scram';
import { ErrorCode, type RotationStrategyName } from '../../../src/contract';
import { createAuthority } from '../../local/certificate';
import { FunctionError } from '../../local/function-process';
import { type PostgresServer, randomPassword, withClient } from '../../local/postgres';
import { type PostgresProxy, startPostgresProxy } from '../../local/postgres-proxy';
import { type Step, STEPS } from '../../local/rotation-run';
import type { Call, LocalSecretsManager } from '../../local/secrets-manager';
import { postgresServer } from '../../local/servers';
import { type Rig, startRig } from '../support/rig';

/** The codes that say a cause. */
const CODES: readonly string[] = Object.values(ErrorCode).filter(code => code !== ErrorCode.UNEXPECTED);

/**
 * A place where the function touches the world: before a call or message takes effect, or when it has, and the function
 * does not know yet.
 */
export interface Place {
  readonly step: Step;
  readonly when: 'before' | 'after';
  /** The action of Secrets Manager, or the message of PostgreSQL's protocol. */
  readonly what: string;
  /** The call of Secrets Manager. */
  readonly call?: Call;
}

/** Awaited at each place. What it throws breaks the connection; a ServiceError is Secrets Manager's answer. */
export type Fault = (place: Place) => unknown;

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

export interface Attempt {
  readonly token?: string;
  /** Before each step. */
  readonly beforeStep?: (step: Step) => unknown;
}

/** The rig of the functions' tests, with a function that reaches PostgreSQL and Secrets Manager only through faults. */
export interface FaultyRig extends Rig {
  readonly proxy: PostgresProxy;
  /** The server itself. */
  readonly server: PostgresServer;
  /** What happens at each place from now on. */
  fault?: Fault;
  createSubject(strategy: RotationStrategyName): Promise<Subject>;
  /** A subject that rotated once: of alternating users, both exist. */
  createRotated(strategy: RotationStrategyName): Promise<Subject>;
  /** The second login as AWS's own function makes it, with a table of its own. */
  makeAlternateAsAws(subject: Subject): Promise<void>;
  rotate(subject: Subject, attempt?: Attempt): ReturnType<LocalSecretsManager['rotate']>;
  /**
   * All steps of a rotation that began before, as Secrets Manager tries them again; rejects with the error of one that
   * fails.
   */
  redeliver(subject: Subject, token: string): Promise<void>;
  /** The places of a rotation that nothing disturbs. */
  record(subject: Subject): Promise<Place[]>;
  /**
   * The logs that show a password of any version of any subject. What is in a log stays there, so that looking once is
   * enough.
   */
  leaks(): Promise<string[]>;
}

/** @param settings Environment of the function */
export async function startFaultyRig(settings: Record<string, string> = {}): Promise<FaultyRig> {
  const server = postgresServer();
  const directory = mkdtempSync(join(tmpdir(), 'faults-'));
  const authority = await createAuthority("The proxy's authority");
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, `${readFileSync(server.caFile, 'utf8')}\n${authority.certificate}`);

  const current: Pick<FaultyRig, 'fault'> = {};
  let step: Step = 'createSecret';
  const meet =
    (when: Place['when']) =>
    (message: string | Call): unknown => {
      return current.fault?.(
        typeof message === 'string'
          ? { step, when, what: message }
          : { step, when, what: message.action, call: message },
      );
    };
  const hooks = { before: meet('before'), after: meet('after') };
  const proxy = await startPostgresProxy(server, await authority.issue('localhost'), hooks);
  const base = await startRig(hooks, { ...server, port: proxy.port, caFile }, settings);

  const subjects: Subject[] = [];
  const rig: FaultyRig = Object.assign(current, {
    ...base,
    proxy,
    server,
    async createSubject(strategy: RotationStrategyName) {
      const [username, password] = [base.name(`u${subjects.length}`), randomPassword()];
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
      subjects.push(subject);
      return subject;
    },
    async createRotated(strategy: RotationStrategyName) {
      const subject = await rig.createSubject(strategy);
      const { ok, error } = await rig.rotate(subject);
      if (!ok) throw error;
      return subject;
    },
    async makeAlternateAsAws({ username }: Subject) {
      const alternate = { username: `${username}_clone`, password: randomPassword() };
      const create =
        `CREATE ROLE "${alternate.username}" LOGIN PASSWORD ` + `'${await scramVerifier(alternate.password, null)}'`;
      await withClient(server, base.admin, base.database, client =>
        client.query(
          `${create}; GRANT "${username}" TO "${alternate.username}"; GRANT CREATE ON SCHEMA public TO "${username}"`,
        ),
      );
      await withClient(server, alternate, base.database, client =>
        client.query(`CREATE TABLE public."of_${username}" ()`),
      );
    },
    rotate({ secret }: Subject, { token, beforeStep }: Attempt = {}) {
      return base.secrets.rotate(secret, {
        token,
        beforeStep: async next => {
          step = next;
          await beforeStep?.(next);
        },
      });
    },
    async redeliver({ secret }: Subject, token: string) {
      for (step of STEPS) await base.rotation.invoke({ Step: step, SecretId: secret, ClientRequestToken: token });
    },
    async record(subject: Subject) {
      const places: Place[] = [];
      current.fault = place => {
        places.push(place);
      };
      const { ok, error } = await rig.rotate(subject);
      current.fault = undefined;
      if (!ok) throw error;
      return places;
    },
    async leaks() {
      const passwords = (
        await Promise.all(subjects.map(({ secret }) => passwordsOf(base.secrets.client, secret)))
      ).flat();
      const logs = { "the function's output": base.rotation.output, "the server's log": base.serverLog() };
      return Object.entries(logs)
        .filter(([, log]) => passwords.some(password => log.includes(password)))
        .map(([name]) => name);
    },
    async stop() {
      current.fault = undefined;
      await base.stop();
      await proxy.stop();
      rmSync(directory, { recursive: true });
    },
  });
  return rig;
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
async function passwordsOf(client: SecretsManagerClient, SecretId: string): Promise<string[]> {
  const { Versions = [] } = await client.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }));
  const read = (VersionId?: string) =>
    client.send(new GetSecretValueCommand({ SecretId, VersionId })).catch(() => undefined);
  const values = await Promise.all(Versions.map(({ VersionId }) => read(VersionId)));
  return values.flatMap(value => /"password":"([^"]+)"/.exec(value?.SecretString ?? '')?.[1] ?? []);
}

/** The name of a place, for people. */
export function nameOf({ step, when, what }: Place): string {
  return `${step}: ${when} ${what}`;
}

/** Whether an error has a code of ours, so that none of a driver or of the SDK got out. */
export function hasCode(error: unknown): boolean {
  return error instanceof FunctionError && CODES.includes(error.errorType);
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
