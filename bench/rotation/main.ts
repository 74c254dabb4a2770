/**
 * `npm run bench:rotation`: what a rotation costs with our function, beside the targets and, where one is given, beside
 * a peer.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ours } from './build';
import { measure } from './measure';
import { memoryTable, met, ratio, table } from './report';
import { rowsOf } from './rows';
import { setStage, type Stage, type Strategy } from './stage';
import { PROTOCOL } from './subject';
import { surroundings } from '../../test/local/surroundings';

// a notice on the end of Node.js 20, once per process
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const OUT = join(__dirname, '..', 'out');
const HELP = `npm run bench:rotation -- [options]     (Linux)

  --peer-single <command>        another rotation function to measure in turns with ours, for single users
  --peer-alternating <command>   the same for alternating users
  --pairs <n>                    warm rotations of each function [20]
  --colds <n>                    rotations of each function in a new process [9]
  --http                         Secrets Manager over HTTP; AWS's, and without this ours, speaks HTTPS

${PROTOCOL}`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      'peer-single': { type: 'string' },
      'peer-alternating': { type: 'string' },
      pairs: { type: 'string', default: '20' },
      colds: { type: 'string', default: '9' },
      http: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(HELP);
  const protocol = values.http ? 'http' : 'https';
  const effort = { pairs: Number(values.pairs), colds: Number(values.colds) };
  const peers: Record<Strategy, string | undefined> = {
    single: values['peer-single'],
    alternating: values['peer-alternating'],
  };

  const scratch = mkdtempSync(join(tmpdir(), 'rotation-bench-'));
  let stage: Stage | undefined;
  try {
    stage = await setStage(scratch, protocol);
    const built = await ours(scratch);
    const where = surroundings(stage.postgresVersion);
    const loadBefore = loadavg()[0];
    const results = [];
    for (const strategy of ['single', 'alternating'] as const) {
      const measured = await measure(stage, strategy, built, peers[strategy], effort);
      const rows = rowsOf(measured, built);
      console.log(`\n${table(`${strategy}, per rotation`, rows)}\n\n${memoryTable(measured)}`);
      results.push({
        strategy,
        rows: rows.map(row => ({ ...row, ratio: row.relative ? ratio(row) : undefined, met: met(row) })),
      });
    }
    console.log(
      `\n${where.date}; ${where.machine}; load ${loadBefore.toFixed(1)} before; Node.js ${where.node}, ` +
        `PostgreSQL ${where.postgres}, pg ${where.pg}, ` +
        `SDK ${where.sdk}; Secrets Manager over ${protocol}. Medians of ${effort.pairs} warm and ` +
        `${effort.colds} cold rotations; ratio: median of the pairs.`,
    );
    mkdirSync(OUT, { recursive: true });
    const file = join(OUT, 'rotation.json');
    writeFileSync(file, JSON.stringify({ where, effort, protocol, results }, undefined, 2));
    console.log(`All samples: ${relative(process.cwd(), file)}`);
  } finally {
    await stage?.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

void main();
