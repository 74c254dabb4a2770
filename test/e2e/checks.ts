/** Named checks, printed as they pass or fail. */
export class Checks {
  private passed = 0;
  private failed = 0;

  /** @param interrupted Ends the run: from then on checks throw instead of failing. */
  constructor(private readonly interrupted: AbortSignal) {}

  /** Runs a check; it fails if it throws. Whether it passed, for those that build on it. */
  async check(name: string, body: () => Promise<unknown>): Promise<boolean> {
    const begin = process.hrtime.bigint();
    try {
      await body();
      this.passed++;
      console.log(`ok    ${name} (${Number((process.hrtime.bigint() - begin) / 100_000_000n) / 10} s)`);
      return true;
    } catch (error) {
      this.interrupted.throwIfAborted();
      this.failed++;
      console.log(`FAIL  ${name}\n${indent(error instanceof Error ? error.message : String(error))}`);
      return false;
    }
  }

  /** Nothing failed, and something was checked. */
  get ok(): boolean {
    return this.failed === 0 && this.passed > 0;
  }

  get summary(): string {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}

function indent(text: string): string {
  return text.trimEnd().split('\n').slice(0, 40).join('\n').replace(/^/gm, '      ');
}
