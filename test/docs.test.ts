import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** Lines of a page, but for code blocks, tables, and those that an address makes long. */
function prose(page: string): string[] {
  const [lines, isCode] = [read(page).split('\n'), (line: string) => /^\s*```/.test(line)];
  return lines.filter((line, index) => {
    const isInCode = lines.slice(0, index + 1).filter(isCode).length % 2 === 1;
    return !isInCode && !/^\s*\|/.test(line) && !/https?:\S+/.test(line);
  });
}
const pages = [
  ...readdirSync(join(__dirname, '..', 'docs')).map(name => `docs/${name}`),
  ...['README.md', 'CONTRIBUTING.md', 'client/README.md', 'examples/README.md'],
  ...['test/acceptance/README.md', 'test/e2e/README.md'],
];

test.each(pages.filter(page => page.endsWith('.md')))('lines of %s are at most 120 columns long', page => {
  expect(prose(page).filter(line => line.length > 120)).toEqual([]);
});

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): string[] {
  const text = read(page).replace(/^```[^]*?^```/gm, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-'),
  );
}

test.each(pages.filter(page => page.endsWith('.md')))('links of %s lead somewhere', page => {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
  const broken = links
    .filter(link => !/^https?:/.test(link))
    .filter(link => {
      const [path, anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(__dirname, '..', target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
  expect(broken).toEqual([]);
});
