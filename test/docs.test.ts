import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '../src/contract';
import { runbook } from '../src/private/runbook';

const read = (file: string) => readFileSync(join(__dirname, '..', file), 'utf8');
const anchors = [...read('docs/runbook.md').matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
  title.toLowerCase().replace(/[^\w]+/g, '-'),
);

test.each(Object.values(ErrorCode))('the runbook has a heading for %s', code => {
  expect(anchors).toContain(code.toLowerCase());
});

test.each(['rotation-function-errors', 'rotation-failed-or-abandoned'] as const)(
  'an alarm links to a heading that is there: %s',
  heading => {
    expect(runbook(heading)).toContain(`docs/runbook.md#${heading}`);
    expect(anchors).toContain(heading);
  },
);
