import { IResolvable, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/** The maximum length of these attributes once deployed. */
const LONGEST: Readonly<Record<string, number>> = {
  Arn: 90, // of a KMS key, whose id is a UUID
  // of a database: an identifier of up to 63 characters, an id of its account and Region, and the domain
  'Endpoint.Address': 112,
  'ReadEndpoint.Address': 115,
  'Endpoint.Port': 5,
};
/**
 * The ARN of a secret without its name, with the suffix of a hyphen and six characters, for the longest Region and
 * partition.
 */
const SECRET_ARN = 72;
/** CloudFormation appends a hyphen and twelve characters to the logical id. */
const GENERATED = 13;
const REGION = 14;
const UNKNOWN = 100;

/**
 * The maximum length of a text with tokens once it is deployed. It is exact for the texts of this library, and an
 * estimate for others.
 */
export function deployedLength(text: string): number {
  if (!Token.isUnresolved(text)) return text.length;
  const deployed = Tokenization.reverseString(text).mapTokens({ mapToken: token => 'x'.repeat(lengthOf(token)) });
  return String(deployed.join({ join: (left, right) => `${left ?? ''}${right ?? ''}` })).length;
}

function lengthOf(token: IResolvable): number {
  if (!Reference.isReference(token)) return REGION;
  const secret = secretOf(token.target);
  if (secret) return SECRET_ARN + nameLength(secret);
  return LONGEST[token.displayName] ?? UNKNOWN;
}

/**
 * The secret that a reference names, directly or through its attachment to a database, whose Ref is the secret's ARN
 * too.
 */
function secretOf(target: IConstruct): secretsmanager.CfnSecret | undefined {
  if (target instanceof secretsmanager.CfnSecret) return target;
  if (!(target instanceof secretsmanager.CfnSecretTargetAttachment)) return undefined;
  const attached = target.node.scope?.node.scope?.node.defaultChild;
  return attached instanceof secretsmanager.CfnSecret ? attached : undefined;
}

function nameLength(secret: secretsmanager.CfnSecret): number {
  const resolved = (value: unknown): unknown => Stack.of(secret).resolve(value);
  const name = resolved(secret.name); // for an L2 secret without a name, a token that resolves to undefined
  if (name === undefined) return String(resolved(secret.logicalId)).length + GENERATED;
  return typeof name === 'string' ? name.length : UNKNOWN;
}
