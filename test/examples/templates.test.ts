import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import library from 'aws-cdk-lib/package.json';
import { expectCommitted, expectNoOthers } from './committed';
import { load, stacksOf } from './load';
import { devDependencies } from '../../package.json';
import { examples } from '../../scripts/examples';

/** Whole templates, one file per stack. A change of them is reviewed like any other: `npx projen test:update`. */
const COMMITTED = join(__dirname, 'templates');

// Newer versions of aws-cdk-lib write some resources in other words. What must hold with each of them is in test/src.
const atFloor = library.version === devDependencies['aws-cdk-lib'] ? test : test.skip;

/** A hash of what is uploaded beside a template: it changes with every byte of a function's bundle. */
const ASSET_HASH = /\b[0-9a-f]{64}\b/g;

/** The templates of an example by the file that they are committed in, as aws-cdk-lib writes them. */
function templatesOf(example: string): Map<string, string> {
  const loaded = load(example);
  return new Map(
    stacksOf(loaded).map(stack => {
      const template = JSON.stringify(loaded.assertions.Template.fromStack(stack).toJSON(), undefined, 1);
      const name = `${stack.node.path.replaceAll('/', '.')}.template.json`;
      return [join(COMMITTED, example, name), `${template.replace(ASSET_HASH, '<asset>')}\n`];
    }),
  );
}

atFloor.each(examples())('%s has the templates that are committed', example => {
  const made = templatesOf(example);
  for (const [file, template] of made) expectCommitted(file, template);
  const folder = join(COMMITTED, example);
  const committed = existsSync(folder) ? readdirSync(folder).map(name => join(folder, name)) : [];
  expectNoOthers(committed, [...made.keys()]);
});

test('no template is committed of an example that is gone', () => {
  expectNoOthers(
    readdirSync(COMMITTED).map(example => join(COMMITTED, example)),
    examples().map(example => join(COMMITTED, example)),
  );
});
