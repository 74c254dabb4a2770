import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { isAbsolute, join } from 'node:path';
import { FUNCTION_ARN } from './function-arn';

/** What goes to the process. */
interface Invocation {
  readonly event: unknown;
  readonly functionArn: string;
  /** How long it may take, once the bundle is loaded: Lambda does not count that either. */
  readonly milliseconds: number;
}

/** What comes back. The names are those of Lambda's own answer. */
type Outcome = { readonly result: unknown } | { readonly errorType: string; readonly errorMessage: string };

/** What Lambda reports of an invocation that failed. */
export class FunctionError extends Error {
  constructor(
    readonly errorType: string,
    readonly errorMessage: string,
  ) {
    super(`${errorType}: ${errorMessage}`);
  }
}

/** What Lambda reports of a function whose time is over; it ends the process, too. */
const TIMED_OUT = 'Sandbox.Timedout';

/**
 * The function's clock. One that stands still takes nothing from the function's time for a busy machine's slowness, and
 * nobody waits for it: what only waits has waited, and limits are reached by `pass`.
 */
export type Clock = 'runs' | 'stands still';

/** A shipped bundle in a process of its own, with nothing of our environment but what it is given. */
export class FunctionProcess {
  /** All that the function wrote, of all its processes. */
  output = '';
  private readonly bundle: string;
  private child?: ChildProcess;

  /** @param name The bundle's folder in assets/lambda, or the path of a module. */
  constructor(
    name: string,
    private readonly environment: Record<string, string>,
    private readonly timeoutSeconds = 30,
    private readonly clock: Clock = 'runs',
  ) {
    this.bundle = isAbsolute(name) ? name : join(__dirname, '..', '..', 'assets', 'lambda', name, 'index.js');
  }

  /** Id of the process, while one is alive. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Invokes the handler, in a new process if none is alive. One at a time. Rejects with a FunctionError. */
  async invoke(event: unknown): Promise<unknown> {
    const child = (this.child ??= this.start());
    const over = new AbortController();
    try {
      child.send({ event, functionArn: FUNCTION_ARN, milliseconds: this.milliseconds } satisfies Invocation);
      const [outcome] = await Promise.race([
        once(child, 'message', { signal: over.signal }) as Promise<[Outcome]>,
        once(child, 'exit', { signal: over.signal }).then(([code, signal]) => [exited(code, signal)]),
      ]);
      if (!('errorType' in outcome)) return outcome.result;
      if (outcome.errorType === TIMED_OUT) this.kill();
      throw new FunctionError(outcome.errorType, outcome.errorMessage);
    } finally {
      over.abort(); // removes the listener that lost the race
    }
  }

  /** Lets all of the function's time pass on a clock that stands still, as far as the invocation takes it. */
  pass(): void {
    this.child?.send({ pass: this.milliseconds });
  }

  /** Ends the process at once, as a crash does. The one for the next invocation loads meanwhile. */
  crash(): void {
    this.kill();
    this.child = this.start();
  }

  /** Ends the process at once. The next invocation gets a new one. */
  kill(): void {
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  /** Ends the process; resolves when it is gone and its output complete. */
  async stop(): Promise<void> {
    const child = this.child;
    if (!child) return;
    const closed = new Promise(resolve => child.once('close', resolve));
    this.kill();
    await closed;
  }

  private get milliseconds(): number {
    return this.timeoutSeconds * 1000;
  }

  private start(): ChildProcess {
    const child = fork(join(__dirname, 'function-runner.js'), [this.bundle], {
      // none of the loaders that run ourselves
      execArgv: this.clock === 'stands still' ? ['--require', join(__dirname, 'function-clock.js')] : [],
      env: {
        PATH: process.env.PATH,
        AWS_REGION: 'us-east-1',
        AWS_EC2_METADATA_DISABLED: 'true',
        ...mutation(),
        ...this.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', chunk => {
        this.output += chunk;
      });
    }
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    return child;
  }
}

/** What test/mutation tells the instrumented code of a bundle. */
function mutation(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('__STRYKER_')));
}

function exited(code: number | null, signal: string | null): Outcome {
  return {
    errorType: 'Runtime.ExitError',
    errorMessage: `Runtime exited with ${signal ? `signal: ${signal}` : `status: ${code}`}`,
  };
}
