import { App, Aspects, RemovalPolicy } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import library from 'aws-cdk-lib/package.json';
import { AwsSolutionsChecks } from 'cdk-nag';
import { QuickstartStack } from '../../examples/quickstart/quickstart-stack';
import { devDependencies } from '../../package.json';

// Newer versions of aws-cdk-lib write some resources in other words.
const atFloor = library.version === devDependencies['aws-cdk-lib'] ? test : test.skip;

atFloor('the template is this one', () => {
  const template = JSON.stringify(Template.fromStack(new QuickstartStack(new App(), 'Quickstart')).toJSON());
  expect(JSON.parse(template.replace(/[0-9a-f]{64}\.zip/g, '<asset>.zip'))).toMatchSnapshot();
});

test.each([RemovalPolicy.RETAIN, RemovalPolicy.DESTROY])('cdk-nag has no finding that is not acknowledged (%s)', removalPolicy => {
  const app = new App();
  const stack = new QuickstartStack(app, 'Quickstart', { removalPolicy });
  Aspects.of(app).add(new AwsSolutionsChecks());
  const annotations = Annotations.fromStack(stack);
  for (const found of [annotations.findError('*', Match.anyValue()), annotations.findWarning('*', Match.anyValue())]) {
    expect(found.map(({ id, entry }) => `${id}: ${entry.data}`)).toEqual([]);
  }
});
