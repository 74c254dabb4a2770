/** `npm run demo`: a database credential rotates under load, with our client and with the habits of today. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ActResult, runAct } from './act';
import { judge, Outcome } from './outcome';
import { Progress } from './progress';
import { seededRandom } from './random';
import { renderReport } from './report';
import { setStage } from './stage';
import { Surroundings, surroundings } from '../test/local/surroundings';

// a notice on the end of Node.js 20, once per process
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const OUT = join(__dirname, 'out');

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { rotations: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
  });
  const rotations = Number(values.rotations);
  const random = seededRandom(Number(values.seed));
  const interrupted = new AbortController();
  const { signal } = interrupted;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort());

  const progress = new Progress(rotations);
  const closers: (() => unknown)[] = [];
  try {
    progress.line('starting PostgreSQL and a local Secrets Manager');
    const stage = await setStage(closers);
    const acts: ActResult[] = [];
    for (const strategy of ['single', 'alternating'] as const) {
      signal.throwIfAborted();
      const application = await stage.addApplication(strategy);
      acts.push(
        await runAct(application, stage.secretsManager, {
          rotations,
          random,
          signal,
          onBegin: state => progress.begin(state),
          onRotation: state => progress.rotated(state),
        }).finally(() => progress.end()),
      );
    }
    return conclude(acts, surroundings(stage.postgresVersion), progress);
  } catch (error) {
    if (!signal.aborted) throw error;
    progress.line('demo: interrupted');
    return 130;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function conclude(acts: ActResult[], where: Surroundings, progress: Progress): number {
  const outcome = judge(acts);
  progress.line(`\nreport: ${writeReport(acts, outcome, where)}`);
  for (const fault of outcome.faults) progress.line(`FAULT ${fault}`);
  progress.line(`demo: ${outcome.rotations} rotations, ${outcome.queries} queries, ${outcome.failed} failed`);
  return outcome.faults.length ? 1 : 0;
}

function writeReport(acts: ActResult[], outcome: Outcome, where: Surroundings): string {
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, 'report.json'), JSON.stringify({ outcome, where, acts }, undefined, 1));
  const page = join(OUT, 'report.html');
  writeFileSync(page, renderReport(acts, outcome, where));
  return relative(process.cwd(), page);
}

main().then(
  status => {
    process.exitCode = status;
  },
  error => {
    console.error('demo: broken:', error);
    process.exitCode = 1;
  },
);
