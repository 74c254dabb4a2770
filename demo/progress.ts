import type { ActProgress } from './act';
import type { Consumer } from './consumer';
import { HABITS, STRATEGIES } from './words';

const REFRESH_MILLIS = 250;

/** Shows how an act goes: one line that changes on a terminal, and one line per rotation everywhere. */
export class Progress {
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly total: number,
    private readonly out: NodeJS.WriteStream = process.stdout,
  ) {}

  begin(progress: ActProgress): void {
    this.line(`\n${STRATEGIES[progress.strategy]}, ${this.total} rotations: failed/all queries of three services`);
    if (this.out.isTTY) this.timer = setInterval(() => this.show(status(progress.consumers)), REFRESH_MILLIS);
  }

  rotated({ rotations, consumers }: ActProgress): void {
    const { ok, begun, ended, failure } = rotations[rotations.length - 1];
    const outcome = ok ? `${((ended - begun) / 1000).toFixed(1)} s` : `FAILED at ${failure}`;
    this.line(`  rotation ${String(rotations.length).padStart(2)}/${this.total}  ${outcome}   ${status(consumers)}`);
  }

  end(): void {
    clearInterval(this.timer);
    if (this.out.isTTY) this.out.write('\r\x1b[K');
  }

  /** One line of the terminal at most: a longer one would wrap, and could not be overwritten. */
  private show(text: string): void {
    this.out.write(`\r\x1b[K  ${text.slice(0, this.out.columns - 3)}`);
  }

  line(text: string): void {
    this.out.write(this.out.isTTY ? `\r\x1b[K${text}\n` : `${text}\n`);
  }
}

function status(consumers: readonly Consumer[]): string {
  return consumers
    .map(({ habit, counts: { good, failed } }) => `${HABITS[habit].name} ${failed}/${good + failed}`)
    .join('   ');
}
