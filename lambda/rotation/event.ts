import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode } from '../../src/contract';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type Step = (typeof STEPS)[number];

/** The event that Secrets Manager sends, once for each step of a rotation. */
export interface RotationEvent {
  readonly step: Step;
  readonly secretId: string;
  /** The id of the version that the rotation makes current. */
  readonly token: string;
  /** Sent when Secrets Manager rotates with an assumed role. `PutSecretValue` must send it back. */
  readonly rotationToken?: string;
}

/** @throws with code `InvalidEvent`, naming the field */
export function parseEvent(event: unknown): RotationEvent {
  const {
    Step: step,
    SecretId: secretId,
    ClientRequestToken: token,
    RotationToken: rotationToken,
  } = (event ?? {}) as Record<string, unknown>;
  const found = STEPS.find(name => name === step);
  if (!found) throw invalid(`Step is ${JSON.stringify(step) ?? 'missing'}, not one of ${STEPS.join(', ')}`);
  return {
    step: found,
    secretId: text('SecretId', secretId),
    token: text('ClientRequestToken', token),
    rotationToken: optionalText(rotationToken),
  };
}

function text(field: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalid(`${field} is missing`);
  return value;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function invalid(message: string): RotatingPostgresError {
  return new RotatingPostgresError(
    ErrorCode.INVALID_EVENT,
    `not an event of a rotation by Secrets Manager: ${message}`,
  );
}
