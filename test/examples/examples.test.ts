import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from './load';
import { findings } from './nag';
import { examples } from '../../scripts/examples';

describe.each(examples())('%s', example => {
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
