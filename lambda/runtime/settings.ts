import { RotatingPostgresError } from '../../client/src/shared/errors';
import { Env, ErrorCode } from '../../src/contract';
import { passwordPolicy, type PasswordPolicy } from '../credential/password';

/** The settings of a function, from its environment. */
export interface Settings {
  /** The servers that the function may connect to, as `host:port` in lower case; undefined for any server. */
  readonly servers?: readonly string[];
  /** How many seconds the login that a rotation replaced keeps working; undefined: until the next rotation. */
  readonly retireAfterSeconds?: number;
  /**
   * Whether to end the sessions of a login when its password changes, or when it is retired with a grace period of 0
   * seconds. Alternating users only.
   */
  readonly terminateSessions: boolean;
  /** Whether MD5 authentication is accepted, over TLS only. */
  readonly allowMd5: boolean;
  /** Whether a secret may request a connection without TLS. */
  readonly allowPlaintext: boolean;
  readonly passwords: PasswordPolicy;
}

/**
 * Reads the settings. An invalid value is refused: the default may be less strict than what was meant.
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
