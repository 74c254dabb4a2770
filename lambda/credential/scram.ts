import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const pbkdf2 = promisify(pbkdf2Callback);

/** PostgreSQL's default, what versions before 16 always use, and the least that RFC 7677 allows. */
const MIN_ITERATIONS = 4_096;
/** More than this, and pg refuses to log in. */
const MAX_ITERATIONS = 100_000;
/** As PostgreSQL's own verifiers. */
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/**
 * RFC 3454, tables C.1.2 and B.1: spaces of other scripts, and what is mapped to nothing (an alternation, for some of
 * it combines).
 */
const OTHER_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g;

/**
 * SASLprep (RFC 4013) as pg does it before a login. PostgreSQL takes the password as it is where it has a character
 * that RFC 4013 prohibits or that Unicode 3.2 lacked; that is the same, unless the password has one of those *and* one
 * that is mapped: with such a password pg cannot log in at all.
 */
function prepared(password: string): string {
  return password.replace(OTHER_SPACE, ' ').replace(NOTHING, '').normalize('NFKC');
}

/**
 * The SCRAM-SHA-256 verifier of a password, in the form in which PostgreSQL stores it. PostgreSQL takes it wherever it
 * takes a password, so that no server log, `pg_stat_activity` or extension ever sees the password itself.
 *
 * @param iterations the server's `scram_iterations`, clamped to what every client accepts; null where it has no such
 * setting
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
