import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether jest runs as in `npx projen test:update`: it then writes what it otherwise compares. */
export function isUpdate(): boolean {
  const { snapshotState } = expect.getState() as { snapshotState?: { _updateSnapshot?: string } };
  if (snapshotState?._updateSnapshot === undefined) throw new Error('jest does not tell any more whether it updates');
  return snapshotState._updateSnapshot === 'all';
}

/** Expects that a committed file has these lines; an update writes it. */
export function expectCommitted(file: string, content: string): void {
  if (isUpdate()) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : `missing: ${file}; npx projen test:update makes it`;
  expect(content.split('\n')).toEqual(committed.split('\n'));
}

/** Expects that nothing else was committed there; an update removes what is left over. */
export function expectNoOthers(actual: string[], expected: string[]): void {
  const leftOver = actual.filter(file => !expected.includes(file));
  if (isUpdate()) leftOver.forEach(file => rmSync(file, { recursive: true }));
  else expect(leftOver).toEqual([]);
}
