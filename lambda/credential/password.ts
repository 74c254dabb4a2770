import { randomInt } from 'node:crypto';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { Env, ErrorCode, PasswordRules } from '../../src/contract';

/** What a new password is made of. Printable ASCII, because drivers differ in what they do with the rest. */
export interface PasswordPolicy {
  readonly length: number;
  /** The classes of characters, each without what is excluded; none is empty. */
  readonly classes: readonly string[];
  /** Whether each class must occur. */
  readonly requireEach: boolean;
}

/**
 * The policy that the environment asks for, by the variables of AWS's own rotation functions.
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
    throw refuse(`${Env.EXCLUDE_CHARACTERS} and its like leave no choice of characters for a password`);
  }
  return { length, classes, requireEach: environment[Env.REQUIRE_EACH_INCLUDED_TYPE]?.toLowerCase() !== 'false' };
}

/** A random password. */
export function generatePassword({ length, classes, requireEach }: PasswordPolicy): string {
  const all = classes.join('');
  const draw = () => Array.from({ length }, () => all[randomInt(all.length)]).join('');
  const qualifies = (password: string) =>
    classes.every(characters => [...password].some(character => characters.includes(character)));
  // Drawing again keeps the choice uniform over all passwords that qualify; by default it is needed about once in five
  // times.
  for (;;) {
    const password = draw();
    if (!requireEach || qualifies(password)) return password;
  }
}
