import { randomInt } from 'node:crypto';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { Env, ErrorCode, PasswordRules } from '../../src/contract';

/**
 * The rules for new passwords. They allow printable ASCII only, because drivers differ in how they encode other
 * characters.
 */
export interface PasswordPolicy {
  readonly length: number;
  /** The character classes, each without the excluded characters; none is empty. */
  readonly classes: readonly string[];
  /** Whether a password must have at least one character of each class. */
  readonly requireEach: boolean;
}

/**
 * Reads the policy from the environment. The variables have the names that AWS's own rotation functions use.
 *
 * @throws with code `Configuration`, naming the variable
 */
export function passwordPolicy(environment: NodeJS.ProcessEnv): PasswordPolicy {
  const { LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION, DEFAULT_LENGTH, MIN_LENGTH, MAX_LENGTH, MIN_CHOICE } =
    PasswordRules;
  const flag = (name: string) => environment[name]?.toLowerCase() === 'true';
  const excluded = new Set(environment[Env.EXCLUDE_CHARACTERS]);
  const classes = [
    flag(Env.EXCLUDE_LOWERCASE) ? '' : LOWERCASE,
    flag(Env.EXCLUDE_UPPERCASE) ? '' : UPPERCASE,
    flag(Env.EXCLUDE_NUMBERS) ? '' : NUMBERS,
    flag(Env.EXCLUDE_PUNCTUATION) ? '' : PUNCTUATION,
  ]
    .map(characters => [...characters].filter(character => !excluded.has(character)).join(''))
    .filter(characters => characters !== '');
  const length = Number(environment[Env.PASSWORD_LENGTH] ?? DEFAULT_LENGTH);

  const refuse = (why: string) => new RotatingPostgresError(ErrorCode.CONFIGURATION, why);
  if (!Number.isInteger(length) || length < MIN_LENGTH || length > MAX_LENGTH) {
    throw refuse(
      `${Env.PASSWORD_LENGTH} is "${environment[Env.PASSWORD_LENGTH]}" and must be a whole number from ` +
        `${MIN_LENGTH} to ${MAX_LENGTH}`,
    );
  }
  if (classes.join('').length < MIN_CHOICE) {
    throw refuse(
      `${Env.EXCLUDE_CHARACTERS} and the other EXCLUDE_ variables leave fewer than ${MIN_CHOICE} characters`,
    );
  }
  return { length, classes, requireEach: environment[Env.REQUIRE_EACH_INCLUDED_TYPE]?.toLowerCase() !== 'false' };
}

export function generatePassword({ length, classes, requireEach }: PasswordPolicy): string {
  const all = classes.join('');
  const draw = () => Array.from({ length }, () => all[randomInt(all.length)]).join('');
  const qualifies = (password: string) =>
    classes.every(characters => [...password].some(character => characters.includes(character)));
  // Rejection sampling keeps the distribution uniform over all passwords that qualify. With the default rules, about
  // one draw in five is rejected.
  for (;;) {
    const password = draw();
    if (!requireEach || qualifies(password)) return password;
  }
}
