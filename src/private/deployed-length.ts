import { IResolvable, Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/** What deployment puts for these attributes is at most so long. */
const LONGEST: Readonly<Record<string, number>> = {
  Arn: 90, // of a key: its id is a UUID
  'Endpoint.Address': 112, // of a database: an identifier of 63 characters, one of its account, region and domain
  'ReadEndpoint.Address': 115,
  'Endpoint.Port': 5,
};
/** Up to its name, and the hyphen and six characters after it: those of the longest Region and partition. */
const SECRET_ARN = 72;
/** A hyphen and twelve characters, which CloudFormation puts after the logical id. */
const GENERATED = 13;
const REGION = 14;
const UNKNOWN = 100;

/**
 * How long a text is once it is deployed, where it has tokens: at most, for what this library writes, and about so for
 * anything else.
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
 * The secret of a reference to it, or to the resource that attaches it to a database, whose value is the secret's ARN
 * as well.
 */
function secretOf(target: IConstruct): secretsmanager.CfnSecret | undefined {
  if (target instanceof secretsmanager.CfnSecret) return target;
  if (!(target instanceof secretsmanager.CfnSecretTargetAttachment)) return undefined;
  const attached = target.node.scope?.node.scope?.node.defaultChild;
  return attached instanceof secretsmanager.CfnSecret ? attached : undefined;
}

function nameLength(secret: secretsmanager.CfnSecret): number {
  const resolved = (value: unknown): unknown => Stack.of(secret).resolve(value);
  const name = resolved(secret.name); // of an L2 secret without a name a token that stands for nothing
  if (name === undefined) return String(resolved(secret.logicalId)).length + GENERATED;
  return typeof name === 'string' ? name.length : UNKNOWN;
}
