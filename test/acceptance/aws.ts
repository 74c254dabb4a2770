import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Target } from '../e2e/cdk';
import { pythonEnvironment } from '../e2e/python';

/** AWS refused a call. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}

/** The AWS APIs, by botocore: those that the questions need, without a client package of each. */
export class Aws {
  private readonly python = pythonEnvironment('e2e', join(__dirname, '..', 'e2e', 'local-cloud', 'requirements.txt'));

  constructor(private readonly target: Pick<Target, 'environment' | 'signal'>) {}

  /** Calls an operation, spelled `as_botocore_does`; all pages of a list. */
  async call<Answer>(service: string, operation: string, parameters: Record<string, unknown> = {}): Promise<Answer> {
    const { environment, signal } = this.target;
    const child = spawn(this.python, [join(__dirname, 'aws.py'), service, operation], {
      env: environment,
      signal,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(JSON.stringify(parameters));
    const [output, trouble, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (code !== 0) throw new Error(`${service} ${operation}: ${trouble.trim().split('\n').at(-1)}`);
    const answer = JSON.parse(output) as Answer & { error?: string; message?: string };
    if (answer.error !== undefined) throw new AwsError(answer.error, answer.message ?? '');
    return answer;
  }
}
