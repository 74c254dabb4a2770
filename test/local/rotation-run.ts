import type { SecretsManagerRotationEvent } from 'aws-lambda';
import { CURRENT, now, PENDING, Secret } from './secret';

export type Step = SecretsManagerRotationEvent['Step'];
export const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** Calls a rotation function; rejects when the function fails. */
export type Invoke = (event: SecretsManagerRotationEvent, functionArn: string) => Promise<unknown>;

/** How a rotation is run. */
export interface RunOptions {
  /** Awaited before each step of each attempt: for a pause, or for what happens between steps. */
  readonly beforeStep?: (step: Step, event: SecretsManagerRotationEvent, attempt: number) => unknown;
  /** How often the entire rotation is tried, from createSecret; AWS does not say its number. @default 1 */
  readonly attempts?: number;
}

/** How a rotation ended. */
export interface RotationResult {
  readonly token: string;
  readonly ok: boolean;
  readonly attempts: number;
  /** The step that failed, and why. */
  readonly step?: Step;
  readonly error?: Error;
}

/**
 * The four steps for one token, all again after a failure. The last one must leave AWSCURRENT on the token's version.
 */
export async function runRotation(
  secret: Secret,
  token: string,
  invoke: Invoke,
  options: RunOptions = {},
): Promise<RotationResult> {
  for (let attempt = 1; ; attempt++) {
    const failure = await runSteps(STEPS, secret, token, invoke, options, attempt);
    if (!failure) {
      secret.lastRotated = now();
      return { token, ok: true, attempts: attempt };
    }
    const stages = secret.versions.get(token)?.stages;
    const abandoned = !stages?.has(PENDING) && !stages?.has(CURRENT);
    if (abandoned || attempt >= (options.attempts ?? 1)) return { token, ok: false, attempts: attempt, ...failure };
  }
}

/** RotateImmediately=false: testSecret alone, on a passing AWSPENDING version that holds the current value. */
export async function runTest(
  secret: Secret,
  token: string,
  invoke: Invoke,
  options: RunOptions = {},
): Promise<RotationResult> {
  secret.stage(token, PENDING).value = secret.read().value;
  const failure = await runSteps(['testSecret'], secret, token, invoke, options, 1);
  secret.versions.delete(token);
  return { token, ok: !failure, attempts: 1, ...failure };
}

async function runSteps(
  steps: readonly Step[],
  secret: Secret,
  token: string,
  invoke: Invoke,
  { beforeStep }: RunOptions,
  attempt: number,
): Promise<{ step: Step; error: Error } | undefined> {
  for (const step of steps) {
    const event = { Step: step, SecretId: secret.arn, ClientRequestToken: token };
    try {
      await beforeStep?.(step, event, attempt);
      if (!secret.rotation?.enabled) throw new Error('the rotation was cancelled');
      await invoke(event, secret.rotation.functionArn);
      if (step === 'finishSecret' && !secret.versions.get(token)?.stages.has(CURRENT)) {
        throw new Error(`${CURRENT} did not move to version ${token}`);
      }
    } catch (error) {
      return { step, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }
  return undefined;
}
