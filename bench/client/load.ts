/** A process under load: `Load` is our end of it, and run directly this file is the process. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type Subject, subject, type SubjectOptions } from './pools';
import { forkTypeScript } from '../../test/local/fork';

export interface LoadOptions extends SubjectOptions {
  /** Queries per second, asked whatever the answers are; 0 for as many as `callers` at a time can. */
  readonly rate: number;
  readonly callers?: number;
}

/** A query: when it was asked for, by the epoch, and how long it took; negative where it failed. */
export type Sample = readonly [at: number, millis: number];

export interface LoadResult {
  readonly samples: readonly Sample[];
  readonly refusedLogins: number;
  readonly failures: Readonly<Record<string, number>>;
}

/** Our end. */
export class Load {
  static async start(options: LoadOptions, env: Record<string, string>): Promise<Load> {
    const child = forkTypeScript(__filename, [JSON.stringify(options)], { env: { PATH: process.env.PATH, ...env } });
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error(`${options.kind} did not start`);
      }),
    ]);
    return new Load(child);
  }

  private constructor(private readonly child: ChildProcess) {}

  async stop(): Promise<LoadResult> {
    const exited = once(this.child, 'exit');
    const result = once(this.child, 'message') as Promise<[LoadResult]>;
    this.child.send('stop');
    const [found] = await Promise.race([
      result,
      exited.then(() => {
        throw new Error('the load ended without a result');
      }),
    ]);
    this.child.disconnect(); // it waits for that: an exit could overtake what it sent
    await exited;
    return found;
  }
}

const TICK_MILLIS = 10;
const MOST_UNANSWERED = 300;

async function run({ rate, callers = 0, ...options }: LoadOptions): Promise<void> {
  const used = await subject(options);
  const samples: [number, number][] = [];
  const failures: Record<string, number> = {};
  let stopped = false;
  const query = () => measured(used, samples, failures);
  const unanswered = new Set<Promise<void>>();
  const ask = () => {
    const answered: Promise<void> = query().finally(() => unanswered.delete(answered));
    unanswered.add(answered);
  };

  if (rate > 0) {
    await query(); // the first login is none because of a rotation
    samples.length = 0;
  }
  const begun = performance.now();
  let asked = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - begun) / 1_000) * rate);
    for (; asked < due && unanswered.size < MOST_UNANSWERED; asked++) ask();
    asked = due;
  }, TICK_MILLIS);
  const loops = Array.from({ length: callers }, async () => {
    while (!stopped) await query();
  });
  process.send?.('ready');
  await once(process, 'message');
  stopped = true;
  clearInterval(timer);
  await Promise.all([...unanswered, ...loops]);
  const refusedLogins = used.refusedLogins();
  await used.end();
  process.send?.({ samples, refusedLogins, failures } satisfies LoadResult);
}

async function measured(used: Subject, samples: [number, number][], failures: Record<string, number>): Promise<void> {
  const [at, begun] = [Date.now(), performance.now()];
  try {
    await used.query('select 1');
    samples.push([at, performance.now() - begun]);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const reason = code ?? message;
    failures[reason] = (failures[reason] ?? 0) + 1;
    samples.push([at, begun - performance.now()]);
    await new Promise(resolve => setTimeout(resolve, TICK_MILLIS)); // whoever fails at once must not fail without end
  }
}

if (require.main === module) {
  process.on('disconnect', () => process.exit());
  void run(JSON.parse(process.argv[2]) as LoadOptions);
}
