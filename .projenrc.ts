import { awscdk, javascript, typescript } from 'projen';
import { guardBorders } from './projenrc/borders';
import { addBundles } from './projenrc/bundles';
import { addCiWorkflows } from './projenrc/ci-workflow';
import { addClientPackage } from './projenrc/client-package';
import { DEV_DEPENDENCIES } from './projenrc/dev-dependencies';
import { addFolders, GENERATED, NOT_TYPE_CHECKED, TYPE_CHECKED } from './projenrc/folders';
import { JEST } from './projenrc/jest';
import { pinLockfile } from './projenrc/lockfile';
import { PACKAGE } from './projenrc/package';
import { guardSize } from './projenrc/size';
import { addTasks } from './projenrc/tasks';

const project = new awscdk.AwsCdkConstructLibrary({
  ...PACKAGE,
  defaultReleaseBranch: 'main',
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.16.0', // jsii 6 needs it
  workflowNodeVersion: '22', // of the release
  // The lowest that has what we use, and the lowest whose Go module builds (docs/architecture.md).
  cdkVersion: '2.189.1',
  constructsVersion: '10.4.2', // what the Go module of the floor requires; newer ones do not compile with it
  jsiiVersion: '~6.0.0',
  typescriptVersion: '~6.0.0',
  projenVersion: '0.103.25',
  projenrcTs: true,
  runner: typescript.TypeScriptRunner.tsx(),
  bumpPackage: 'commit-and-tag-version@^12', // 13 wants Node.js 22
  devDeps: DEV_DEPENDENCIES,

  integrationTestAutoDiscover: false,
  lambdaAutoDiscover: false,
  edgeLambdaAutoDiscover: false,
  lambdaExtensionAutoDiscover: false,
  singletonLambdaAutoDiscover: false,

  sampleCode: false,
  prettier: true, // ESLint runs it
  prettierOptions: {
    settings: {
      printWidth: 120,
      singleQuote: true,
      trailingComma: javascript.TrailingComma.ALL,
      arrowParens: javascript.ArrowParens.AVOID,
    },
  },
  jestOptions: JEST,
  typecheckTests: true,
  tsconfigDev: { compilerOptions: { isolatedModules: true }, include: TYPE_CHECKED, exclude: NOT_TYPE_CHECKED },
  eslintOptions: {
    dirs: ['src', 'lambda', 'client/src'],
    devdirs: ['test', 'demo', 'bench', 'examples', 'scripts'],
    ignorePatterns: ['cdk.out', '/assets/', '/lib/', '/client/dist/', '/examples/client/', '/demo/out/'],
  },
  gitignore: GENERATED,
  pullRequestTemplate: false,
  depsUpgrade: false,
  buildWorkflow: false, // .ci/run builds
});

pinLockfile(project);
addFolders(project);
addBundles(project);
guardBorders(project.eslint!);
guardSize(project.eslint!);
addTasks(project, addClientPackage(project));
addCiWorkflows(project.github!);

project.synth();
