import { awscdk, Task } from 'projen';

/** What `npm run` offers beside what projen does; CONTRIBUTING.md has the same list. */
export function addTasks(project: awscdk.AwsCdkConstructLibrary, client: Task): void {
  const bundle = { spawn: project.bundler.bundleTask.name };
  const task = (name: string, description: string, ...execs: string[]) =>
    project.addTask(name, {
      description,
      steps: [bundle, ...execs.map(exec => ({ exec, receiveArgs: true }))],
    });

  // newer aws-cdk-lib validates on each synth: 2 s and 300 MiB, every time
  project.testTask.env('CDK_VALIDATION', 'false');
  project.testTask.env('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');
  project.testTask.prependSpawn(client); // and so is the client's package
  project.testTask.prependSpawn(project.bundler.bundleTask); // the handlers under test are the shipped bundles

  task('demo', 'Rotate a database credential under load and write demo/out/report.html', 'tsx demo/main.ts');
  task(
    'e2e',
    'Deploy the examples to a local AWS, rotate, destroy; and stacks that it must refuse (needs Python 3)',
    'tsx test/e2e/main.ts',
  );
  task(
    'acceptance:aws',
    'Deploy to an AWS account, and answer what only AWS can (--help)',
    'tsx test/acceptance/main.ts',
  );
  task(
    'test:faults',
    'Kill the rotation function at every call and message, and break what it talks to',
    'tsx scripts/faults.ts',
  );
  task(
    'test:newest-cdk',
    'Test the constructs with the newest aws-cdk-lib, and judge the examples with cdk-nag 3',
    'tsx scripts/newest-cdk.ts',
  );
  task(
    'test:postgres-versions',
    'Test the functions on PostgreSQL 14 to 17, with all faults on 15, or on those that are named',
    'tsx scripts/postgres-versions.ts',
  );
  project.addTask('test:mutation', {
    description: 'Change one place after another and see a test fail (docs/testing.md)',
    exec: 'tsx test/mutation/main.ts',
    receiveArgs: true,
  });
  task(
    'lint:templates',
    'Check the templates of the examples with cfn-lint and checkov (needs Python 3)',
    'tsx scripts/lint-templates.ts',
  );
  task('synth:examples', 'Synthesise every example, each into its own cdk.out', 'tsx scripts/synth-examples.ts');
  task(
    'bench:rotation',
    'What a rotation costs, beside a peer that is given as a command (--help)',
    'tsx bench/rotation/main.ts',
  );
  task(
    'bench:synth',
    'Resources, bytes and time of synthesis for many databases and users, beside what aws-cdk-lib makes',
    'tsx bench/synth/main.ts',
  );
  project.addTask('bench:client', {
    description: 'Queries of a service while its credential rotates, beside other clients (--help)',
    exec: 'tsx bench/client/main.ts',
    receiveArgs: true,
  });
  project.addTask('test:client-libraries', {
    description: 'Test the client with the libraries that people use, as npm installs them in examples/client',
    steps: [{ spawn: client.name }, { exec: 'tsx scripts/client-libraries.ts' }],
  });
  project.addTask('test:client-versions', {
    description: 'Test the client with each minor of pg that it supports, and on Node.js 22 and 24',
    steps: [{ spawn: client.name }, { exec: 'tsx scripts/client-versions.ts', receiveArgs: true }],
  });
  project.addTask('rds-roots', {
    description: 'Refresh the pinned RDS root certificates',
    exec: 'tsx scripts/rds-roots.ts',
  });
  project.gitattributes.addAttributes('/client/src/shared/rds-roots.ts', 'linguist-generated');
}
