/**
 * `npm run bench:synth`: what a fleet of databases, or of users of one database, makes of resources, templates and time
 * at synthesis.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import library from 'aws-cdk-lib/package.json';
import { type Figures, type SubjectName, SUBJECTS, synthesise } from './subjects';
import { surroundings } from '../../test/local/surroundings';

const OUT = join(__dirname, '..', 'out');
/** Resources of a stack, beyond which none is deployed. */
const CLOUDFORMATION_LIMIT = 500;
const SIZES = [1, 10, 50, 200];
const HELP = `npm run bench:synth -- [--runs <n>]

  --runs <n>   syntheses of each size, each in a process of its own; the time is their median [3]`;

interface Row extends Figures {
  readonly subject: string;
  readonly units: number;
  /** Without any unit. */
  readonly none: Figures;
}

/** In a process of its own: what an earlier synthesis has loaded and compiled would be given to the next. */
async function measure(subject: SubjectName, units: number, scratch: string): Promise<Figures> {
  const child = fork(__filename, [subject, String(units)], {
    env: { ...process.env, CDK_OUTDIR: scratch, CDK_VALIDATION: 'false' },
  });
  const [figures] = await Promise.race([
    once(child, 'message') as Promise<[Figures]>,
    once(child, 'exit').then(([code]) => {
      throw new Error(`${subject}, ${units}: the synthesis ended with ${code}`);
    }),
  ]);
  return figures;
}

function table(rows: readonly Row[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['', 'number', 'stacks', 'largest', 'resources', 'of each', 'templates', 'of each', 'synthesis']),
    line(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---:']),
    ...rows.map(({ subject, units, stacks, largest, resources, bytes, milliseconds, none }) =>
      line([
        subject,
        units,
        stacks,
        largest > CLOUDFORMATION_LIMIT ? `**${largest}**` : largest,
        resources,
        ((resources - none.resources) / units).toFixed(1),
        `${(bytes / 1_000).toFixed(0)} kB`,
        `${((bytes - none.bytes) / units / 1_000).toFixed(1)} kB`,
        `${milliseconds.toFixed(0)} ms`,
      ]),
    ),
  ].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '3' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(HELP);
  const runs = Number(values.runs);
  const loadBefore = loadavg()[0];
  const scratch = mkdtempSync(join(tmpdir(), 'synth-bench-'));
  const rows: Row[] = [];
  try {
    for (const subject of Object.keys(SUBJECTS) as SubjectName[]) {
      const none = await measure(subject, 0, scratch);
      for (const units of SIZES) {
        const all: Figures[] = [];
        for (let run = 0; run < runs; run++) all.push(await measure(subject, units, scratch));
        const [middle] = all.sort((a, b) => a.milliseconds - b.milliseconds).slice(Math.floor(runs / 2));
        rows.push({ subject, units, none, ...middle });
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const { date, machine, node } = surroundings('–');
  console.log(table(rows));
  console.log(
    `\n${date}; ${machine}; load ${loadBefore.toFixed(1)} before; Node.js ${node}, aws-cdk-lib ` +
      `${library.version}. ${runs === 1 ? 'One synthesis' : `Medians of ${runs} syntheses`} each.`,
  );
  mkdirSync(OUT, { recursive: true });
  const file = join(OUT, 'synth.json');
  writeFileSync(file, JSON.stringify({ date, machine, node, library: library.version, runs, rows }, undefined, 2));
  console.log(relative(process.cwd(), file));
}

const [subject, units] = process.argv.slice(2);
if (process.send) process.send(synthesise(subject as SubjectName, Number(units)), () => process.disconnect());
else void main();
