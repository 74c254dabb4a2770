import { RotatingPostgresError } from './errors';
import { ErrorCode, type SecretValue } from '../../../src/contract';

/** The validated value of a secret: the server, the database and the login. */
export interface Credential extends SecretValue {
  readonly port: number;
  readonly dbname: string;
}

const ENGINES = ['postgres', 'aurora-postgresql'];
const DEFAULT_PORT = 5432;
const DEFAULT_DATABASE = 'postgres';

/**
 * Parses and validates the JSON value of a secret. Unknown keys are kept, because a rotation writes them back.
 *
 * @param label names the secret in errors, which contain the field and the reason, and never a value
 * @param defaults values for fields that the secret lacks
 * @throws with code `InvalidSecret`
 */
export function parseSecretValue(
  text: string | undefined,
  label: string,
  defaults: Partial<SecretValue> = {},
): Credential {
  const invalid = (reason: string) => new RotatingPostgresError(ErrorCode.INVALID_SECRET, `${label}: ${reason}`);
  const value: Record<string, unknown> = { ...defaults, ...parseObject(text, invalid) };

  const string = (field: keyof SecretValue): string => {
    const found = value[field];
    if (found === undefined) throw invalid(`field "${field}" is missing`);
    if (typeof found !== 'string') throw invalid(`field "${field}" must be a string, but is ${kind(found)}`);
    if (found.trim() === '') throw invalid(`field "${field}" is empty`);
    // A NUL ends a string in PostgreSQL's startup packet. The text after it would be read as more parameters.
    if (found.includes('\0')) throw invalid(`field "${field}" contains a NUL character`);
    return found;
  };
  const optional = (field: keyof SecretValue): string | undefined =>
    value[field] === undefined ? undefined : string(field);

  const engine = optional('engine') ?? ENGINES[0];
  if (!ENGINES.includes(engine)) {
    throw invalid(`field "engine" must be ${ENGINES.map(name => `"${name}"`).join(' or ')}`);
  }
  const host = string('host');
  // pg treats a host with a slash as the directory of a Unix socket, which has no certificate to verify.
  if (/[\s/]/.test(host)) throw invalid('field "host" is not the name of a host');

  optional('masterarn');
  optional('dbInstanceIdentifier');
  return {
    ...value,
    engine,
    host,
    port: port(value.port, invalid),
    username: string('username'),
    password: string('password'),
    dbname: optional('dbname') ?? DEFAULT_DATABASE,
  };
}

type Invalid = (reason: string) => RotatingPostgresError;

function parseObject(text: string | undefined, invalid: Invalid): Record<string, unknown> {
  if (text === undefined) throw invalid('has no SecretString (a binary secret?)');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('is not JSON'); // without the cause: a parser's message quotes its input
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`must be a JSON object, but is ${kind(value)}`);
  }
  return { ...value };
}

function port(value: unknown, invalid: Invalid): number {
  if (value === undefined) return DEFAULT_PORT;
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d{1,5}$/.test(value));
  const number = isNumber ? Number(value) : NaN;
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    throw invalid('field "port" must be a whole number from 1 to 65535');
  }
  return number;
}

function kind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
