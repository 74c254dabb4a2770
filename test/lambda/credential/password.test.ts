import fc from 'fast-check';
import { generatePassword, passwordPolicy } from '../../../lambda/credential/password';

const CLASSES = { lower: /[a-z]/, upper: /[A-Z]/, number: /[0-9]/, punctuation: /[-_.]/ };

test('by default: 32 characters, each class, and nothing that RDS, a shell, a URL or a template takes amiss', () => {
  const passwords = Array.from({ length: 500 }, () => generatePassword(passwordPolicy({})));
  for (const password of passwords) {
    expect(password).toMatch(/^[-\w.]{32}$/);
    for (const characters of Object.values(CLASSES)) expect(password).toMatch(characters);
  }
  expect(new Set(passwords).size).toBe(passwords.length);
});

test("whatever the variables of AWS's functions ask for is kept to, or refused", () => {
  const environment = fc.record(
    {
      PASSWORD_LENGTH: fc.integer({ min: 8, max: 128 }).map(String),
      EXCLUDE_CHARACTERS: fc.string({ maxLength: 40 }),
      EXCLUDE_LOWERCASE: fc.constantFrom('true', 'True', 'false'),
      EXCLUDE_UPPERCASE: fc.constantFrom('true', 'false'),
      EXCLUDE_NUMBERS: fc.constantFrom('true', 'false'),
      EXCLUDE_PUNCTUATION: fc.constantFrom('true', 'false'),
      REQUIRE_EACH_INCLUDED_TYPE: fc.constantFrom('true', 'false'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(environment, variables => {
      let policy;
      try {
        policy = passwordPolicy(variables);
      } catch (error) {
        expect(error).toMatchObject({ code: 'Configuration' });
        return;
      }
      const password = generatePassword(policy);
      expect(password).toHaveLength(Number(variables.PASSWORD_LENGTH ?? 32));
      for (const character of variables.EXCLUDE_CHARACTERS ?? '') expect(password).not.toContain(character);
      const excluded = {
        lower: variables.EXCLUDE_LOWERCASE,
        upper: variables.EXCLUDE_UPPERCASE,
        number: variables.EXCLUDE_NUMBERS,
        punctuation: variables.EXCLUDE_PUNCTUATION,
      };
      for (const [name, characters] of Object.entries(CLASSES)) {
        if (excluded[name as keyof typeof excluded]?.toLowerCase() === 'true') expect(password).not.toMatch(characters);
      }
      if (variables.REQUIRE_EACH_INCLUDED_TYPE !== 'false') {
        for (const characters of policy.classes) {
          expect([...password].some(character => characters.includes(character))).toBe(true);
        }
      }
    }),
  );
});

test.each(['7', '129', '12.5', 'long', ''])('a length of "%s" is refused by the variable\'s name', length => {
  expect(() => passwordPolicy({ PASSWORD_LENGTH: length })).toThrow(/PASSWORD_LENGTH/);
});

test('a policy that leaves no choice is refused', () => {
  expect(() =>
    passwordPolicy({
      EXCLUDE_LOWERCASE: 'true',
      EXCLUDE_UPPERCASE: 'true',
      EXCLUDE_PUNCTUATION: 'true',
      EXCLUDE_CHARACTERS: '123456789',
    }),
  ).toThrow(/leave fewer than 2 characters/);
});
