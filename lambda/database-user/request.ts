import { RotatingPostgresError } from '../../client/src/errors';
import { type DatabaseUserProperties, ErrorCode } from '../../src/contract';

/** What the Provider framework passes on of CloudFormation's request. */
export type Request =
  | { readonly type: 'Delete'; readonly physicalId: string }
  | {
    readonly type: 'Create' | 'Update';
    /** Stays the same when CloudFormation or the framework sends the request again. */
    readonly id: string;
    readonly properties: DatabaseUserProperties;
  };

const REQUIRED: readonly (keyof DatabaseUserProperties)[] = [
  'secretArn', 'adminSecretArn', 'username', 'engine', 'host', 'port', 'database', 'privileges', 'strategy',
];

/** @throws with code `InvalidEvent`, naming the property */
export function parseRequest(event: unknown): Request {
  const { RequestType: type, RequestId: id, PhysicalResourceId, ResourceProperties } = (event ?? {}) as Record<string, unknown>;
  if (type === 'Delete') return { type, physicalId: String(PhysicalResourceId) };
  if (type !== 'Create' && type !== 'Update') throw invalid(`RequestType is ${JSON.stringify(type) ?? 'missing'}`);
  if (typeof id !== 'string') throw invalid('RequestId is missing');
  const properties = (ResourceProperties ?? {}) as Record<string, unknown>;
  const missing = REQUIRED.find(name => typeof properties[name] !== 'string' || properties[name] === '');
  if (missing) throw invalid(`property "${missing}" is missing`);
  return { type, id, properties: properties as unknown as DatabaseUserProperties };
}

/** One user on one server: CloudFormation takes another id for a replacement, and deletes the old one after. */
export function physicalId({ dbInstanceIdentifier, host, username }: DatabaseUserProperties): string {
  return `${dbInstanceIdentifier ?? host}/${username}`;
}

function invalid(message: string): RotatingPostgresError {
  return new RotatingPostgresError(ErrorCode.INVALID_EVENT, `not a request of the custom resource for a database user: ${message}`);
}
