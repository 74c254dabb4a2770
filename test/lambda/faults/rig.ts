import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSubject, passwordsOf, type Subject } from './subject';
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
      const subject = await newSubject(base, server, strategy, base.name(`u${subjects.length}`));
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

/** The name of a place, for people. */
export function nameOf({ step, when, what }: Place): string {
  return `${step}: ${when} ${what}`;
}

/** Whether an error has a code of ours, so that none of a driver or of the SDK got out. */
export function hasCode(error: unknown): boolean {
  return error instanceof FunctionError && CODES.includes(error.errorType);
}
