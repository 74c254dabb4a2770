import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Habit, Message, Sample, Totals } from './protocol';
import { forkTypeScript } from '../test/local/fork';

/** What came of one service in one act. */
export interface ConsumerResult {
  readonly habit: Habit;
  readonly samples: Sample[];
  readonly good: number;
  readonly failed: number;
  readonly seconds: number;
  readonly totals: Totals;
}

/** Our end of a service's process. */
export class Consumer {
  /** Starts a service; resolves when its load begins. */
  static async start(habit: Habit, rate: number, environment: Record<string, string>): Promise<Consumer> {
    const child = forkTypeScript(join(__dirname, 'service.ts'), [habit, String(rate)], {
      env: { PATH: process.env.PATH, ...environment },
    });
    const consumer = new Consumer(habit, child);
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the service "${habit}" ended with status ${code} before it was ready`);
      }),
    ]);
    consumer.started = Date.now();
    return consumer;
  }

  readonly samples: Sample[] = [];
  private totals?: Totals;
  private started = 0;

  private constructor(
    readonly habit: Habit,
    private readonly child: ChildProcess,
  ) {
    child.on('message', (message: Message) => {
      if ('sample' in message) this.samples.push(message.sample);
      if ('totals' in message) this.totals = message.totals;
    });
  }

  /** Good and failed queries so far. */
  get counts(): { good: number; failed: number } {
    return { good: sum(this.samples, 'good'), failed: sum(this.samples, 'failed') };
  }

  /** Ends the load, waits for the last answers, and tells what came of it. */
  async finish(): Promise<ConsumerResult> {
    const seconds = (Date.now() - this.started) / 1000;
    const exited = once(this.child, 'exit');
    this.child.send('stop');
    const [code] = await exited;
    if (!this.totals) throw new Error(`the service "${this.habit}" ended with status ${code} and without a result`);
    return { habit: this.habit, samples: this.samples, ...this.counts, seconds, totals: this.totals };
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

function sum(samples: Sample[], what: 'good' | 'failed'): number {
  return samples.reduce((total, sample) => total + sample[what], 0);
}
