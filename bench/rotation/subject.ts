import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';

/** What a function writes as its line of standard output: nothing in it means success. */
export interface Answer {
  readonly error?: string;
}

/** What a process has used since it started. */
export interface Usage {
  readonly cpuMs: number;
  /** The most memory that it ever had resident. */
  readonly peakMb: number;
}

const TIMEOUT_MS = 60_000;
const STDERR_KEPT = 2_000;

/** How a function is started, and how it is spoken to; told by --help. */
export const PROTOCOL = `The command starts a process, in a shell. That reads an event of Secrets Manager per line of
standard input, as JSON, runs the step and writes a line to standard output: {} when it is done, {"error": "…"} when
it failed. Logs go to standard error. It ends when its input ends. Its environment is that of the benchmark and
  AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   for its SDK
  NODE_EXTRA_CA_CERTS, AWS_CA_BUNDLE, PGSSLROOTCERT   a PEM file: the authorities of both servers' certificates`;

/** A rotation function in a process of its own, whatever it is written in. */
export class Subject {
  private child?: ChildProcess;
  private lines?: Interface;
  private stderr = '';

  constructor(
    private readonly command: string,
    private readonly environment: Record<string, string>,
  ) {}

  /** Has the function run a step, in a new process if none is alive. One at a time. */
  async invoke(event: unknown): Promise<void> {
    const child = (this.child ??= this.start());
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const answered = Promise.race([
        once(this.lines!, 'line', { signal }) as Promise<[string]>,
        once(child, 'close', { signal }).then(([code]) => {
          throw new Error(`ended with ${code}: ${this.stderr}`);
        }),
      ]);
      child.stdin!.write(`${JSON.stringify(event)}\n`);
      const [line] = await answered;
      const { error } = JSON.parse(line) as Answer;
      if (error !== undefined) throw new Error(error);
    } catch (cause) {
      throw new Error(`\`${this.command}\`: ${(cause as Error).message}`, { cause });
    } finally {
      over.abort(); // removes the listener that lost the race
    }
  }

  /**
   * Of the process that is alive. Linux only. `stat` counts in ticks of 10 ms, as long as a step; `schedstat` in
   * nanoseconds.
   */
  usage(): Usage {
    const process = `/proc/${this.child!.pid}`;
    const nanoseconds = readdirSync(`${process}/task`).map(thread =>
      Number(readFileSync(`${process}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`${process}/status`, 'utf8'))!;
    return { cpuMs: nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6, peakMb: Number(peak[1]) / 1_024 };
  }

  /** Ends the process. The next step gets a new one. */
  async stop(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  private start(): ChildProcess {
    this.stderr = '';
    // `exec`: the shell becomes the function, so that its id is the function's
    const child = spawn(`exec ${this.command}`, {
      shell: true,
      env: { ...process.env, ...this.environment },
      stdio: 'pipe',
    });
    child.stderr.on('data', chunk => {
      this.stderr = (this.stderr + chunk).slice(-STDERR_KEPT);
    });
    child.stdin.on('error', () => undefined); // a process that ended says so itself
    this.lines = createInterface({ input: child.stdout });
    return child;
  }
}
