import { javascript } from 'projen';

/** Folders with TypeScript beside `src/` and `test/`. */
const FOLDERS = ['lambda', 'client', 'demo', 'bench', 'examples', 'scripts'];

/** What tools write, and git ignores. */
export const GENERATED = [
  'cdk.out',
  '.jsii.tabl.json',
  '/demo/out/',
  '/bench/out/',
  '/client/dist/',
  '.venv/',
  '.newest-cdk/',
  '.postgres-versions/',
  '.client-versions/',
  '__pycache__/',
];

/** The one program that type-checks everything, seen from `test/`. */
export const TYPE_CHECKED = FOLDERS.map(folder => `../${folder}/**/*.ts`);
export const NOT_TYPE_CHECKED = ['../client/dist', '../examples/client', '../**/cdk.out'];

/** A tsconfig.json in each folder: editors and ESLint look for the nearest one. */
export function addFolders(project: javascript.NodeProject): void {
  for (const folder of FOLDERS) {
    new javascript.TypescriptConfig(project, {
      fileName: `${folder}/tsconfig.json`,
      extends: javascript.TypescriptConfigExtends.fromPaths(['../tsconfig.json']),
      compilerOptions: { rootDir: '..', noEmit: true },
      include: ['**/*.ts'],
      exclude: ['node_modules', 'dist', '**/cdk.out'],
    });
    project.addPackageIgnore(`/${folder}/`); // what runs in a function is shipped as its bundle
  }
  const written = ['/.venv/', '/.newest-cdk/', '/.postgres-versions/', '/.client-versions/', 'cdk.out'];
  for (const path of ['/docs/', '/CONTRIBUTING.md', '/.ci/', ...written]) project.addPackageIgnore(path);
}
