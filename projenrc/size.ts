import { javascript } from 'projen';

/** Written by scripts/rds-roots.ts. */
const GENERATED = 'client/src/shared/rds-roots.ts';

/**
 * How long a line and a file may be, and that everything has a type. Tests have more room: each file pays for loading
 * aws-cdk-lib or for an application of its own, so cases that share those stay in one file.
 */
export function guardSize(eslint: javascript.Eslint): void {
  const maxLen = { code: 120, ignoreUrls: true, ignoreRegExpLiterals: true };
  eslint.addRules({
    'max-len': ['error', maxLen],
    'max-lines': ['error', 250],
    '@typescript-eslint/no-explicit-any': 'error',
  });
  eslint.addOverride({ files: ['*.test.ts'], rules: { 'max-lines': ['error', 450] } });
  const markup = { ...maxLen, ignoreTemplateLiterals: true }; // of the demo's report
  eslint.addOverride({ files: ['demo/**'], rules: { 'max-len': ['error', markup] } });
  eslint.addOverride({ files: [GENERATED], rules: { 'max-lines': 'off', 'max-len': 'off' } });
}
