import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const pbkdf2 = promisify(pbkdf2Callback);

/** The default of PostgreSQL, the fixed value of versions before 16, and the minimum of RFC 7677. */
const MIN_ITERATIONS = 4_096;
/** The pg driver refuses to log in with more iterations. */
const MAX_ITERATIONS = 100_000;
/** The salt length of PostgreSQL's own verifiers. */
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/**
 * RFC 3454: table C.1.2 (non-ASCII space characters) and table B.1 (characters mapped to nothing). `NOTHING` is an
 * alternation, not one character class, because some of its characters combine.
 */
const OTHER_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g;

/**
 * SASLprep (RFC 4013) as the pg driver applies it before a login. PostgreSQL skips SASLprep for a password that has a
 * character which RFC 4013 prohibits or which Unicode 3.2 lacks. The results are the same, unless such a password also
 * has a character that SASLprep maps: pg can never log in with that password.
 */
function prepared(password: string): string {
  return password.replace(OTHER_SPACE, ' ').replace(NOTHING, '').normalize('NFKC');
}

/**
 * The SCRAM-SHA-256 verifier of a password, in the format that PostgreSQL stores. PostgreSQL accepts a verifier
 * wherever it accepts a password, so that no server log, `pg_stat_activity` or extension ever sees the password itself.
 *
 * @param iterations the server's `scram_iterations`, clamped to 4,096 - 100,000, which every client accepts; null where
 *   the server has no such setting
 */
export async function scramVerifier(
  password: string,
  iterations: string | null,
  salt = randomBytes(SALT_BYTES),
): Promise<string> {
  const rounds = Math.min(Math.max(Number(iterations ?? MIN_ITERATIONS), MIN_ITERATIONS), MAX_ITERATIONS);
  const salted = await pbkdf2(prepared(password), salt, rounds, KEY_BYTES, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
