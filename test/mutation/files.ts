/**
 * The sources that decide about security and state: folders (with a slash at their end) and files. What is moved out of
 * them has to be named here again; a name that matches nothing stops the run.
 */
export const SUBJECTS: readonly string[] = [
  // Deploy time: who may read and write a secret, a key, an endpoint; who reaches the database; which logins there are
  'src/access/',
  'src/database/',
  'src/function/',
  'src/network/',
  'src/proxy/',
  'src/private/secret-access.ts',
  'src/private/secret-roles.ts',
  'src/rotation/',
  'src/user/',
  'src/rotating-postgres.ts',
  // The functions: which value is accepted, what is sent to PostgreSQL, when a version becomes the current one
  'lambda/admin/',
  'lambda/credential/',
  'lambda/database-user/',
  'lambda/first-rotation/',
  'lambda/postgres/',
  'lambda/revocation/',
  'lambda/rotation/',
  'lambda/secrets-manager/',
  // The client: which server it trusts, which version of a secret it logs in with
  'client/src/login/',
  'client/src/secret/',
  'client/src/shared/',
];

/** What a rule of another kind watches: certificates of AWS, and declarations of options without a decision. */
export const NO_SUBJECTS: readonly RegExp[] = [/\/rds-roots\.ts$/, /-options\.ts$/];

/** Test files that do not run: they take minutes, or test a package that is built from other files. */
export const NO_TESTS: readonly RegExp[] = [
  /^test\/lambda\/faults\//,
  /^test\/client\/(libraries\/|package\.test)/,
  /^test\/(local|mutation|e2e)\//,
];

/** Tests that compare whole templates, and so notice what no other looks at. */
export const WIDE_TESTS: readonly RegExp[] = [/^test\/examples\//];

/** Those of all files that are subjects. */
export function subjectsAmong(files: readonly string[]): string[] {
  const matching = (subject: string) =>
    files.filter(file => (subject.endsWith('/') ? file.startsWith(subject) && file.endsWith('.ts') : file === subject));
  const lost = SUBJECTS.filter(subject => matching(subject).length === 0);
  if (lost.length > 0) throw new Error(`test/mutation/files.ts names what is not there: ${lost.join(', ')}`);
  return [...new Set(SUBJECTS.flatMap(matching))].filter(file => !NO_SUBJECTS.some(pattern => pattern.test(file)));
}
