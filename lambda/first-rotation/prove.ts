import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode, StagingLabel } from '../../src/contract';
import { versionAt } from '../credential/version-stages';
import type { Deadline } from '../ports/deadline';
import type { SecretDescription, SecretStore } from '../ports/secret-store';
import { log } from '../runtime/log';

/** Returns the last error that the rotation function logged about a secret. */
export interface ErrorLog {
  readonly name: string;
  lastError(secretArn: string): Promise<LoggedError | undefined>;
}

export interface LoggedError {
  readonly code: string;
  readonly message: string;
}

export interface Ports {
  readonly store: Pick<SecretStore, 'describe'>;
  readonly errors: ErrorLog;
  readonly deadline: Deadline;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
/** Log lines arrive in CloudWatch some seconds after they are written. */
const ARRIVAL_MS = 3_000;
/** The most secrets that an error message describes: CloudFormation truncates a long reason. */
const MOST_TOLD = 3;

/**
 * Waits until Secrets Manager has rotated each of these secrets and no rotation of them is running.
 *
 * @throws after `seconds`, with the code and the message of the last error that the rotation function logged, or with
 *   code `Timeout` where there is none
 */
export async function prove(secretArns: readonly string[], seconds: number, ports: Ports): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  const left = () => Math.min(until - performance.now(), ports.deadline.remaining());
  let waiting = secretArns.map(arn => ({ arn, state: 'it was not looked at' }));
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    waiting = await unproved(
      waiting.map(({ arn }) => arn),
      ports.store,
    );
    if (waiting.length === 0) return;
    if (left() <= 0 || !(await ports.deadline.wait(Math.min(pause, left())))) break;
  }
  throw await failure(waiting, seconds, ports);
}

interface Waiting {
  readonly arn: string;
  /** Why its first rotation is not proved yet. */
  readonly state: string;
}

async function unproved(secretArns: readonly string[], store: Ports['store']): Promise<Waiting[]> {
  const found: Waiting[] = [];
  for (const arn of secretArns) {
    const state = await stateOf(arn, store);
    if (state === undefined) log.info('the secret is rotated', { secretId: arn });
    else found.push({ arn, state });
  }
  return found;
}

async function stateOf(arn: string, store: Ports['store']): Promise<string | undefined> {
  try {
    return missingIn(await store.describe(arn));
  } catch (error) {
    return (error as Error).message; // IAM applies a new permission with a delay
  }
}

/**
 * Why the first rotation of a secret is not proved; undefined where it is. AWS's own functions leave AWSPENDING on the
 * current version after a rotation that succeeded.
 */
function missingIn(description: SecretDescription): string | undefined {
  const [current, pending] = [
    versionAt(StagingLabel.CURRENT, description),
    versionAt(StagingLabel.PENDING, description),
  ];
  if (pending !== undefined && pending !== current) return `its rotation to version ${pending} has not ended`;
  if (description.lastRotated) return undefined;
  return description.rotationEnabled ? 'no rotation of it has begun' : 'its rotation is switched off';
}

async function failure(
  waiting: readonly Waiting[],
  seconds: number,
  { errors, deadline }: Ports,
): Promise<RotatingPostgresError> {
  await deadline.wait(ARRIVAL_MS);
  let code: ErrorCode = ErrorCode.TIMEOUT;
  const told: string[] = [];
  for (const { arn, state } of waiting.slice(0, MOST_TOLD)) {
    const error = await logged(arn, errors);
    if (told.length === 0) code = knownCode(error?.code) ?? code;
    told.push(`${arn}: ${state}${error ? `; ${error.code}: ${error.message}` : ''}`);
  }
  const more = waiting.length > MOST_TOLD ? `; and ${waiting.length - MOST_TOLD} more` : '';
  return new RotatingPostgresError(
    code,
    `the first rotation did not succeed within ${seconds} s: ${told.join('; ')}${more}. The log group ` +
      `of the rotation function is ${errors.name}`,
  );
}

async function logged(arn: string, errors: ErrorLog): Promise<LoggedError | undefined> {
  try {
    return await errors.lastError(arn);
  } catch (error) {
    log.warn('the log of the rotation function cannot be read', { secretId: arn, reason: (error as Error).name });
    return undefined;
  }
}

function knownCode(code: string | undefined): ErrorCode | undefined {
  return Object.values(ErrorCode).find(known => known === code);
}
