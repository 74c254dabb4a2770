import { RotatingPostgresError } from '../../client/src/shared/errors';
import { Env, ErrorCode } from '../../src/contract';
import { passwordPolicy, type PasswordPolicy } from '../credential/password';

/** What a function was told by its environment. */
export interface Settings {
  /** The servers that the function may rotate on, as `host:port` in lower case; undefined where it may on any. */
  readonly servers?: readonly string[];
  /** How long the login that a rotation replaced still works, in seconds; undefined: until the next rotation. */
  readonly retireAfterSeconds?: number;
  /** Whether sessions of a login end when its password is about to change, or when it is retired at once. */
  readonly terminateSessions: boolean;
  /** Whether an MD5 login counts as one, over TLS. */
  readonly allowMd5: boolean;
  /** Whether a secret may ask for a connection without TLS. */
  readonly allowPlaintext: boolean;
  readonly passwords: PasswordPolicy;
}

/**
 * Reads the settings. A misspelt one is refused rather than taken for its default, which may be the laxer choice.
 *
 * @throws with code `Configuration`, naming the variable
 */
export function settingsOf(environment: NodeJS.ProcessEnv): Settings {
  return {
    servers: servers(environment[Env.SERVERS]),
    retireAfterSeconds: seconds(Env.RETIRE_AFTER, environment[Env.RETIRE_AFTER]),
    terminateSessions: flag(Env.TERMINATE_SESSIONS, environment[Env.TERMINATE_SESSIONS]),
    allowMd5: flag(Env.ALLOW_MD5, environment[Env.ALLOW_MD5]),
    allowPlaintext: flag(Env.ALLOW_PLAINTEXT, environment[Env.ALLOW_PLAINTEXT]),
    passwords: passwordPolicy(environment),
  };
}

function servers(value: string | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  const found = value
    .toLowerCase()
    .split(/\s+/)
    .filter(server => server !== '');
  if (found.length === 0 || !found.every(server => /^[^/,]+:\d{1,5}$/.test(server))) {
    throw refused(Env.SERVERS, value, 'servers as host:port, with spaces between them');
  }
  return found;
}

function seconds(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw refused(name, value, 'a whole number of seconds');
  return Number(value);
}

function flag(name: string, value: string | undefined): boolean {
  const text = value?.toLowerCase() ?? 'false';
  if (text !== 'true' && text !== 'false') throw refused(name, value, '"true" or "false"');
  return text === 'true';
}

function refused(name: string, value: string | undefined, must: string): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.CONFIGURATION, `${name} is "${value}" and must be ${must}`);
}
