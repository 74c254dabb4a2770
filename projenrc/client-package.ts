import { javascript, JsonFile, Task } from 'projen';

/** The consumer's package, and the task that builds it. */
export function addClientPackage(project: javascript.NodeProject): Task {
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
  return project.addTask('client', {
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
}
