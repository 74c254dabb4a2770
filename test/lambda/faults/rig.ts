import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scramVerifier } from '../../../lambda/scram';
import { ErrorCode, type RotationStrategyName } from '../../../src/contract';
import { createAuthority } from '../../local/certificate';
import { FunctionError } from '../../local/function-process';
import { type PostgresServer, randomPassword, withClient } from '../../local/postgres';
import { type PostgresProxy, startPostgresProxy } from '../../local/postgres-proxy';
import { type Step, STEPS } from '../../local/rotation-run';
import type { Call, LocalSecretsManager } from '../../local/secrets-manager';
import { postgresServer } from '../../local/servers';
import { type Rig, startRig } from '../rig';

/** The codes that say a cause. */
const CODES: readonly string[] = Object.values(ErrorCode).filter(code => code !== ErrorCode.UNEXPECTED);

/** A place where the function touches the world: before a call or message takes effect, or when it has, and the function does not know yet. */
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
  /** Keeps the passwords of the logins; what puts them back, as a restored database does. */
  snapshot(): Promise<() => Promise<void>>;
}

export interface Attempt {
  readonly token?: string;
  /** Before the whole rotation is tried again with the same token; without it, it is not. */
  readonly retry?: () => unknown;
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
  rotate(subject: Subject, attempt?: Attempt): ReturnType<LocalSecretsManager['rotate']>;
  /** All steps of a rotation that began before, as Secrets Manager tries them again; rejects with the error of one that fails. */
  redeliver(subject: Subject, token: string): Promise<void>;
}

export async function startFaultyRig(): Promise<FaultyRig> {
  const server = postgresServer();
  const directory = mkdtempSync(join(tmpdir(), 'faults-'));
  const authority = await createAuthority('The proxy\'s authority');
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, `${readFileSync(server.caFile, 'utf8')}\n${authority.certificate}`);

  const current: Pick<FaultyRig, 'fault'> = {};
  let step: Step = 'createSecret';
  const meet = (when: Place['when']) => (message: string | Call): unknown => {
    return current.fault?.(typeof message === 'string' ? { step, when, what: message } : { step, when, what: message.action, call: message });
  };
  const hooks = { before: meet('before'), after: meet('after') };
  const proxy = await startPostgresProxy(server, await authority.issue('localhost'), hooks);
  const base = await startRig(hooks, { ...server, port: proxy.port, caFile });

  let created = 0;
  return Object.assign(current, {
    ...base,
    proxy,
    server,
    async createSubject(strategy: RotationStrategyName) {
      const [username, password] = [base.name(`u${created++}`), randomPassword()];
      const create = `CREATE ROLE "${username}" LOGIN PASSWORD '${await scramVerifier(password, null)}'`;
      await withClient(server, base.admin, 'postgres', client => client.query(create));
      const fields = strategy === 'alternating' ? { masterarn: base.adminSecret } : {};
      const secret = await base.createSecret('subject', base.value({ username, password }, fields));
      return {
        secret,
        username,
        logsIn: async (stage = 'AWSCURRENT') => logsIn(server, base.database, await base.read(secret, stage).catch(() => undefined)),
        async snapshot() {
          const stored = await base.inspect('SELECT rolname, rolpassword FROM pg_authid WHERE starts_with(rolname, $1)', [username]);
          const statements = stored.map(({ rolname, rolpassword }) => `ALTER ROLE "${rolname}" PASSWORD '${rolpassword}'`);
          return async () => { await base.inspect(statements.join(';')); };
        },
      };
    },
    rotate({ secret }: Subject, { token, retry, beforeStep }: Attempt = {}) {
      return base.secrets.rotate(secret, {
        token,
        attempts: retry ? 2 : 1,
        beforeStep: async (next, _, attempt) => {
          step = next;
          if (attempt === 2 && next === 'createSecret') await retry?.();
          await beforeStep?.(next);
        },
      });
    },
    async redeliver({ secret }: Subject, token: string) {
      for (step of STEPS) await base.rotation.invoke({ Step: step, SecretId: secret, ClientRequestToken: token });
    },
    async stop() {
      current.fault = undefined;
      await base.stop();
      await proxy.stop();
      rmSync(directory, { recursive: true });
    },
  });
}

/** The name of a place, for people. */
export function nameOf({ step, when, what }: Place): string {
  return `${step}: ${when} ${what}`;
}

/** Whether an error has a code of ours, so that none of a driver or of the SDK got out. */
export function hasCode(error: unknown): boolean {
  return error instanceof FunctionError && CODES.includes(error.errorType);
}

async function logsIn(server: PostgresServer, database: string, login?: { username: string; password: string }): Promise<boolean> {
  if (!login) return false;
  return withClient(server, login, database, async () => true).catch(error => {
    if (error.code === '28P01') return false;
    throw error;
  });
}
