import { awscdk } from 'projen';

/** Every function is bundled here, at build time: a user's synth bundles nothing. */
export function addBundles(project: awscdk.AwsCdkConstructLibrary): void {
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
}
