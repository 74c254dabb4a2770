import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An account to deploy to, and how processes reach it. */
export interface Target {
  /** A directory for whoever deploys. */
  readonly scratch: string;
  /** Environment of such a process. */
  readonly environment: Record<string, string>;
  /** Ends the processes. */
  readonly signal: AbortSignal;
  /** Account and Region, as CDK writes an environment. */
  readonly target: string;
}

const CDK = join(__dirname, '..', '..', 'node_modules', '.bin', 'cdk');

/** The CDK CLI ended with an error; the message is the end of what it printed. */
export class CdkError extends Error {
  constructor(command: string, output: string) {
    super(`cdk ${command} failed:\n${output.trim().split('\n').slice(-12).join('\n')}`);
  }
}

/** A stack of an app, and the real CDK CLI. */
export class CdkApp {
  private readonly assembly: string;
  private readonly outputsFile: string;

  /** @param directory Where its cdk.json is. */
  constructor(
    private readonly cloud: Target,
    private readonly directory: string,
    readonly stack: string,
    private readonly context: Record<string, string> = {},
  ) {
    const name = [stack, ...Object.values(context)].join('-');
    this.assembly = join(cloud.scratch, name);
    this.outputsFile = join(cloud.scratch, `${name}-outputs.json`);
  }

  /** Prepares the account for deployments. */
  async bootstrap(): Promise<void> {
    await this.run(['bootstrap', this.cloud.target]);
  }

  /** Deploys the stack. What the CLI printed. */
  async deploy(): Promise<string> {
    return this.run([
      'deploy',
      this.stack,
      '--exclusively',
      '--require-approval',
      'never',
      '--outputs-file',
      this.outputsFile,
    ]);
  }

  /** Deletes the stack. */
  async destroy(): Promise<void> {
    await this.run(['destroy', this.stack, '--exclusively', '--force']);
  }

  /** The stack's outputs, after a deployment. */
  get outputs(): Record<string, string> {
    return JSON.parse(readFileSync(this.outputsFile, 'utf8'))[this.stack] as Record<string, string>;
  }

  /** All files that synthesis wrote, as one text. */
  get synthesised(): string {
    if (!existsSync(this.assembly)) return '';
    const files = readdirSync(this.assembly).filter(name => name.endsWith('.json'));
    return files.map(name => readFileSync(join(this.assembly, name), 'utf8')).join('');
  }

  private async run(args: string[]): Promise<string> {
    const context = Object.entries(this.context).flatMap(([key, value]) => ['--context', `${key}=${value}`]);
    const child = spawn(CDK, [...args, ...context, '--output', this.assembly, '--no-notices', '--progress', 'events'], {
      cwd: this.directory,
      signal: this.cloud.signal,
      env: {
        ...this.cloud.environment,
        CDK_VALIDATION: 'false',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        NO_COLOR: '1',
        CI: 'true',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        output += chunk;
      });
    }
    const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
    if (code !== 0) throw new CdkError(args[0], output);
    return output;
  }
}
