import { Token } from 'aws-cdk-lib';
import { IConstruct } from 'constructs';
import { Env, PasswordRules } from '../contract';
import { fail } from '../private/errors';

/** Rules for new passwords: ASCII letters, digits and `-_.`. */
export interface PasswordOptions {
  /**
   * Number of characters, 8 to 128, which is the range of RDS master passwords.
   * @default 32
   */
  readonly length?: number;
  /**
   * Characters to exclude.
   * @default - none
   */
  readonly excludeCharacters?: string;
  /**
   * Whether to exclude lowercase letters.
   * @default false
   */
  readonly excludeLowercase?: boolean;
  /**
   * Whether to exclude uppercase letters.
   * @default false
   */
  readonly excludeUppercase?: boolean;
  /**
   * Whether to exclude digits.
   * @default false
   */
  readonly excludeNumbers?: boolean;
  /**
   * Whether to exclude `-_.`.
   * @default false
   */
  readonly excludePunctuation?: boolean;
  /**
   * Whether a password has at least one character of each kind that is not excluded.
   * @default true
   */
  readonly requireEachIncludedType?: boolean;
}

/** The options as environment variables, with the names of AWS's own functions. */
export function passwordEnvironment(
  scope: IConstruct,
  options: PasswordOptions = {},
): Record<string, string | undefined> {
  validate(scope, options);
  const text = (value: number | boolean | string | undefined) => value?.toString();
  return {
    [Env.PASSWORD_LENGTH]: text(options.length),
    // Lambda refuses a variable without a value.
    [Env.EXCLUDE_CHARACTERS]: options.excludeCharacters || undefined,
    [Env.EXCLUDE_LOWERCASE]: text(options.excludeLowercase),
    [Env.EXCLUDE_UPPERCASE]: text(options.excludeUppercase),
    [Env.EXCLUDE_NUMBERS]: text(options.excludeNumbers),
    [Env.EXCLUDE_PUNCTUATION]: text(options.excludePunctuation),
    [Env.REQUIRE_EACH_INCLUDED_TYPE]: text(options.requireEachIncludedType),
  };
}

function validate(scope: IConstruct, options: PasswordOptions): void {
  const { LOWERCASE, UPPERCASE, NUMBERS, PUNCTUATION, DEFAULT_LENGTH, MIN_LENGTH, MAX_LENGTH, MIN_CHOICE } =
    PasswordRules;
  const { length = DEFAULT_LENGTH, excludeCharacters = '' } = options;
  if (!Token.isUnresolved(length) && (!Number.isInteger(length) || length < MIN_LENGTH || length > MAX_LENGTH)) {
    fail(scope, `'passwords.length' is ${length} and must be a whole number from ${MIN_LENGTH} to ${MAX_LENGTH}`);
  }
  if (Token.isUnresolved(excludeCharacters)) return;
  const included = [
    options.excludeLowercase ? '' : LOWERCASE,
    options.excludeUppercase ? '' : UPPERCASE,
    options.excludeNumbers ? '' : NUMBERS,
    options.excludePunctuation ? '' : PUNCTUATION,
  ].join('');
  const left = [...included].filter(character => !excludeCharacters.includes(character)).length;
  if (left < MIN_CHOICE) {
    fail(scope, `'passwords' leaves ${left} different characters for a password; leave out less`);
  }
}
