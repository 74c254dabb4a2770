import { RotatingPostgresError } from '../../client/src/shared/errors';
import { ErrorCode, type FirstRotationProperties } from '../../src/contract';

/** A request of CloudFormation, as the Provider framework passes it on. */
export interface Request {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly physicalId: string;
  /** The secrets whose first rotation this deployment has to prove. */
  readonly secretArns: readonly string[];
  readonly logGroup: string;
  readonly timeoutSeconds: number;
}

/** @throws with code `InvalidEvent`, naming the property */
export function parseRequest(event: unknown): Request {
  const {
    RequestType: type,
    PhysicalResourceId,
    ResourceProperties,
    OldResourceProperties,
  } = (event ?? {}) as Record<string, unknown>;
  if (type !== 'Create' && type !== 'Update' && type !== 'Delete') {
    throw invalid(`RequestType is ${JSON.stringify(type) ?? 'missing'}`);
  }
  const { secretArns, logGroup, timeoutSeconds } = propertiesOf(ResourceProperties);
  if (!isTexts(secretArns)) throw invalid('property "secretArns" is not a list of ARNs');
  if (typeof logGroup !== 'string' || logGroup === '') throw invalid('property "logGroup" is missing');
  const seconds = Number(timeoutSeconds);
  if (!(seconds > 0)) throw invalid('property "timeoutSeconds" is not a positive number');
  const { secretArns: listed } = propertiesOf(OldResourceProperties);
  const before = type === 'Update' && isTexts(listed) ? listed : [];
  return {
    type,
    // The physical id never changes: with another one, CloudFormation would delete the resource.
    physicalId: typeof PhysicalResourceId === 'string' ? PhysicalResourceId : `first-rotation/${logGroup}`,
    secretArns: type === 'Delete' ? [] : secretArns.filter(arn => !before.includes(arn)),
    logGroup,
    timeoutSeconds: seconds,
  };
}

function propertiesOf(value: unknown): Partial<Record<keyof FirstRotationProperties, unknown>> {
  return value ?? {};
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}

function invalid(message: string): RotatingPostgresError {
  return new RotatingPostgresError(
    ErrorCode.INVALID_EVENT,
    `not a request of the custom resource for first rotations: ${message}`,
  );
}
