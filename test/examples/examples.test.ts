import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import library from 'aws-cdk-lib/package.json';
import { type Loaded, load, stacksOf } from './load';
import { findings } from './nag';
import { devDependencies } from '../../package.json';
import { examples } from '../../scripts/examples';

// Newer versions of aws-cdk-lib write some resources in other words.
const atFloor = library.version === devDependencies['aws-cdk-lib'] ? test : test.skip;

interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
}

/** A line per resource: what it is, what becomes of it, and the logical id that an upgrade may not change. */
function summary(loaded: Loaded): string[] {
  return stacksOf(loaded)
    .flatMap(stack => {
      const { Resources = {} }: { Resources?: Record<string, Resource> } =
        loaded.assertions.Template.fromStack(stack).toJSON();
      return Object.entries(Resources).map(([id, { Type, DeletionPolicy }]) =>
        [`${stack.node.path}/${id}: ${Type}`, DeletionPolicy].filter(Boolean).join(', '),
      );
    })
    .sort();
}

describe.each(examples())('%s', example => {
  atFloor('has these resources', () => {
    expect(summary(load(example))).toMatchSnapshot();
  });

  test.each(['retain', 'destroy'])(
    'cdk-nag has no finding that is not acknowledged, nor has the library a warning (%s)',
    removalPolicy => {
      expect(findings(load(example, { removalPolicy }), 'AwsSolutionsChecks')).toEqual([]);
    },
  );

  test('is in the README of the examples', () => {
    expect(readFileSync(join(__dirname, '../../examples/README.md'), 'utf8')).toContain(`(${example})`);
  });
});
