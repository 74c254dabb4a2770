import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { build } from 'esbuild';

const ROOT = join(__dirname, '..', '..');
/**
 * A heap for a function of 128 MB, Lambda's least: without a limit V8 leaves garbage where it is, as this machine has
 * room for it.
 */
const HEAP = '--max-semi-space-size=6 --max-old-space-size=115';

const COMMON = { bundle: true, platform: 'node', target: 'node20', logLevel: 'error' } as const;
const MB = 1_000_000;

/** Our function, as it is shipped or otherwise. */
export interface Ours {
  readonly command: string;
  readonly zippedMb: number;
}

/** As it is shipped, and with the SDK in the bundle; the latter is built into `scratch`. */
export async function ours(scratch: string): Promise<{ shipped: Ours; withSdk: Ours }> {
  const answer = join(scratch, 'answer.js');
  const withSdk = join(scratch, 'with-sdk');
  await build({ ...COMMON, entryPoints: [join(__dirname, 'answer.ts')], outfile: answer });
  await build({
    ...COMMON,
    entryPoints: [join(ROOT, 'lambda', 'rotation.lambda.ts')],
    tsconfig: join(ROOT, 'lambda', 'tsconfig.json'),
    outfile: join(withSdk, 'index.js'),
  });
  const at = (folder: string): Ours => ({
    command: `'${process.execPath}' ${HEAP} '${answer}' '${join(folder, 'index.js')}'`,
    zippedMb: zippedBytes(folder) / MB,
  });
  return { shipped: at(join(ROOT, 'assets', 'lambda', 'rotation')), withSdk: at(withSdk) };
}

/**
 * The size of a ZIP file: of each file its content, deflated, and two headers with its name; of all a last record of 22
 * bytes.
 */
function zippedBytes(folder: string): number {
  const files = readdirSync(folder).map(
    name => deflateRawSync(readFileSync(join(folder, name)), { level: 9 }).length + 30 + 46 + 2 * name.length,
  );
  return files.reduce((sum, bytes) => sum + bytes, 22);
}
