import { randomInt } from 'node:crypto';

/** As long as what Secrets Manager's own GetRandomPassword returns. */
const LENGTH = 32;

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
/** What neither RDS (which refuses `/`, `"` and `@`) nor a shell, a URL or a template gives a meaning to. */
const SYMBOLS = '-_.';
const CLASSES = [LOWER, UPPER, DIGITS, SYMBOLS];

/** A random password of printable ASCII with at least one character of each class. ASCII, because drivers differ in SASLprep. */
export function generatePassword(): string {
  const all = CLASSES.join('');
  const draw = (alphabet: string) => alphabet[randomInt(alphabet.length)];
  for (;;) {
    const password = Array.from({ length: LENGTH }, () => draw(all)).join('');
    // Drawing again keeps the distribution uniform over all passwords that qualify; it is needed about once in five times.
    if (CLASSES.every(alphabet => [...password].some(character => alphabet.includes(character)))) return password;
  }
}
