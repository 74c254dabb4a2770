import { grantsOf } from './grants';
import { RotatingPostgresError } from '../../client/src/shared/errors';
import { type DatabaseGrant, type DatabaseUserProperties, ErrorCode, STRATEGIES } from '../../src/contract';

/** A request of CloudFormation, as the Provider framework passes it on. */
export type Request = Change | Removal;

export interface Change {
  readonly type: 'Create' | 'Update';
  /** The request id. It stays the same when CloudFormation or the framework sends the request again. */
  readonly id: string;
  readonly properties: DatabaseUserProperties;
  /** The declared privileges, one entry for each database. */
  readonly grants: readonly DatabaseGrant[];
  /** The privileges that were declared before this update. */
  readonly former: readonly DatabaseGrant[];
  /** Stack id and logical id of the resource. */
  readonly maker: string;
}

export interface Removal {
  readonly type: 'Delete';
  readonly physicalId: string;
  /** The properties of a user that is dropped; undefined for a user that stays in the database. */
  readonly properties?: DatabaseUserProperties;
  readonly maker: string;
}

/** The properties of a user with a password. */
export type PasswordUser = DatabaseUserProperties & Required<Pick<DatabaseUserProperties, 'secretArn' | 'strategy'>>;

export function hasPassword(properties: DatabaseUserProperties): properties is PasswordUser {
  return properties.authentication !== 'iam';
}

const REQUIRED: readonly (keyof DatabaseUserProperties)[] = [
  'adminSecretArn',
  'username',
  'engine',
  'host',
  'port',
  'database',
  'privileges',
];
const WITH_PASSWORD: readonly (keyof DatabaseUserProperties)[] = ['secretArn', 'strategy'];
const CHOICES: readonly (readonly [keyof DatabaseUserProperties, readonly string[]])[] = [
  ['strategy', STRATEGIES],
  ['authentication', ['password', 'iam']],
  ['onDelete', ['retain', 'drop']],
];

/** @throws with code `InvalidEvent`, naming the property */
export function parseRequest(event: unknown): Request {
  const {
    RequestType: type,
    RequestId: id,
    PhysicalResourceId,
    ResourceProperties,
    OldResourceProperties,
    StackId,
    LogicalResourceId,
  } = (event ?? {}) as Record<string, unknown>;
  const maker = `${StackId}/${LogicalResourceId}`;
  if (type === 'Delete') {
    const goes = (ResourceProperties as Partial<DatabaseUserProperties> | undefined)?.onDelete === 'drop';
    return {
      type,
      physicalId: String(PhysicalResourceId),
      properties: goes ? parseProperties(ResourceProperties) : undefined,
      maker,
    };
  }
  if (type !== 'Create' && type !== 'Update') throw invalid(`RequestType is ${JSON.stringify(type) ?? 'missing'}`);
  if (typeof id !== 'string') throw invalid('RequestId is missing');
  const properties = parseProperties(ResourceProperties);
  return {
    type,
    id,
    properties,
    grants: grantsOf(properties, invalid),
    former: formerGrants(properties, OldResourceProperties),
    maker,
  };
}

/**
 * The physical id stands for one user on one server. When it changes, CloudFormation treats the update as a replacement
 * and deletes the old resource afterwards.
 */
export function physicalId({ dbInstanceIdentifier, host, username }: DatabaseUserProperties): string {
  return `${dbInstanceIdentifier ?? host}/${username}`;
}

function parseProperties(given: unknown): DatabaseUserProperties {
  const properties = (given ?? {}) as Partial<DatabaseUserProperties>;
  const required = properties.authentication === 'iam' ? REQUIRED : [...REQUIRED, ...WITH_PASSWORD];
  const missing = required.find(name => typeof properties[name] !== 'string' || properties[name] === '');
  if (missing) throw invalid(`property "${missing}" is missing`);
  for (const [name, choices] of CHOICES) {
    const value = properties[name];
    if (value !== undefined && !choices.includes(value)) {
      throw invalid(`property "${name}" must be one of ${choices.join(', ')}`);
    }
  }
  return properties as DatabaseUserProperties;
}

/**
 * The grants that were declared before. Empty if the old properties are those of another user, which this one replaces,
 * or are invalid, because an invalid request is refused before it changes anything.
 */
function formerGrants(properties: DatabaseUserProperties, old: unknown): DatabaseGrant[] {
  try {
    const former = parseProperties(old);
    return physicalId(former) === physicalId(properties) ? grantsOf(former, invalid) : [];
  } catch {
    return [];
  }
}

function invalid(message: string): RotatingPostgresError {
  return new RotatingPostgresError(
    ErrorCode.INVALID_EVENT,
    `not a request of the custom resource for a database user: ${message}`,
  );
}
