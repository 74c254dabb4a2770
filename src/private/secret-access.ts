import { Fn, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IConstruct } from 'constructs';

/** A set of actions on a secret, and what Secrets Manager then does with its key on the caller's behalf. */
export interface SecretUse {
  readonly actions: string[];
  readonly keyActions: string[];
}

/** What an application does. */
export const READ: SecretUse = {
  actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
  keyActions: ['kms:Decrypt'],
};

/** What our functions do with the secret of the admin that they log in as. */
export const LOG_IN: SecretUse = { actions: ['secretsmanager:GetSecretValue'], keyActions: ['kms:Decrypt'] };

/** Reading a secret, and publishing a new value of it. */
export const PUBLISH: SecretUse = {
  actions: [...READ.actions, 'secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'],
  keyActions: ['kms:Decrypt', 'kms:GenerateDataKey'],
};

/** The same, and finding the versions that an earlier attempt left without a label. */
export const ROTATE: SecretUse = {
  actions: [...PUBLISH.actions, 'secretsmanager:ListSecretVersionIds'],
  keyActions: PUBLISH.keyActions,
};

/** The same without: what a credential is replaced with is known. */
export const REVOKE: SecretUse = PUBLISH;

/** The statements of an identity policy that allow this use of exactly this secret. */
export function statements(secret: secretsmanager.ISecret, use: SecretUse): iam.PolicyStatement[] {
  const target = targetOf(secret);
  return [
    new iam.PolicyStatement({ actions: use.actions, resources: [target.arn] }),
    ...(target.keyArn
      ? [new iam.PolicyStatement({ actions: use.keyActions, resources: [target.keyArn], conditions: onlyFor(target) })]
      : []),
  ];
}

/** What Secrets Manager does with the key on the grantee's behalf. */
export function grantKey(
  target: SecretTarget,
  keyArn: string,
  { keyActions }: SecretUse,
  grantee: iam.IGrantable,
): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: keyActions,
    resourceArns: [keyArn],
    conditions: onlyFor(target),
  });
}

/** A secret as a policy names it. */
export interface SecretTarget {
  /** With `?` for what is unknown of it. */
  readonly arn: string;
  readonly complete: boolean;
  /** Of the secret, or of its replica. */
  readonly region: string;
  /** Of its key, if that is one of the customer's. */
  readonly keyArn?: string;
}

/** The secret as policies in its own environment name it. */
export function targetOf(secret: secretsmanager.ISecret): SecretTarget {
  const { secretArn, secretFullArn, env, encryptionKey } = secret;
  // The six characters that Secrets Manager appends are unknown when a secret was imported by a partial ARN.
  return {
    arn: secretFullArn ?? `${secretArn}-??????`,
    complete: secretFullArn !== undefined,
    region: env.region,
    keyArn: encryptionKey?.keyArn,
  };
}

/** The secret as the grantee's policy names it, which may stand in another environment: there only names are known. */
export function targetFor(secret: secretsmanager.ISecret, grantee: iam.IGrantable): SecretTarget {
  const target = targetOf(secret);
  if (!isElsewhere(secret, grantee)) return target;
  return {
    ...target,
    arn: target.complete && Token.isUnresolved(secret.secretArn) ? `${secret.secretArn}-??????` : target.arn,
    complete: target.complete && !Token.isUnresolved(secret.secretArn),
    keyArn: target.keyArn && (Token.isUnresolved(target.keyArn) ? anyKey(secret, target.region) : target.keyArn),
  };
}

/** The secret's copy in another Region, whose ARN differs in nothing else. */
export function replicaOf(
  secret: secretsmanager.ISecret,
  region: string,
  key: kms.IKey,
  grantee: iam.IGrantable,
): SecretTarget {
  const { arn, complete } = targetFor(secret, grantee);
  return {
    arn: complete ? replicaArn(secret, arn, region) : namedArn(secret, region),
    complete,
    region,
    keyArn: isElsewhere(key, grantee) && Token.isUnresolved(key.keyArn) ? anyKey(secret, region) : key.keyArn,
  };
}

/** What an ARN of the secret is in another Region. */
export function replicaArn(secret: secretsmanager.ISecret, arn: string, region: string): string {
  return arnIn(secret, region, Fn.select(6, Fn.split(':', arn)));
}

/** The ARN as far as the name tells it. */
export function namedArn(secret: secretsmanager.ISecret, region: string): string {
  return arnIn(secret, region, `${nameOf(secret) ?? secret.secretName}-??????`);
}

/** The name that the app gives the secret; without one aws-cdk-lib holds a token that becomes nothing. */
export function nameOf(secret: secretsmanager.ISecret): string | undefined {
  const resource = secret.node.defaultChild;
  if (!(resource instanceof secretsmanager.CfnSecret)) return undefined;
  return Stack.of(secret).resolve(resource.name) === undefined ? undefined : resource.name;
}

function arnIn(secret: secretsmanager.ISecret, region: string, resource: string): string {
  const { partition, account } = Stack.of(secret);
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${resource}`;
}

/** A key has no name of its own. The condition with the secret's ARN leaves one key. */
export function anyKey(secret: secretsmanager.ISecret, region: string): string {
  const { partition, account } = Stack.of(secret);
  return `arn:${partition}:kms:${region}:${account}:key/*`;
}

/** Whether the grantee's own policies stand in another account or Region. */
export function isElsewhere(resource: IConstruct, { grantPrincipal }: iam.IGrantable): boolean {
  return (
    Construct.isConstruct(grantPrincipal) && Stack.of(grantPrincipal).environment !== Stack.of(resource).environment
  );
}

/** Conditions on a key: it serves this one secret only, and only where Secrets Manager asks for it. */
export function onlyFor({ arn, complete, region }: SecretTarget): Record<string, Record<string, string>> {
  const viaService = through('secretsmanager', region);
  return complete
    ? { StringEquals: { ...viaService, 'kms:EncryptionContext:SecretARN': arn } }
    : { StringEquals: viaService, StringLike: { 'kms:EncryptionContext:SecretARN': arn } };
}

/** The condition on a key that a service asks for it, in the name of whoever called the service. */
export function through(service: 'secretsmanager' | 'rds', region: string): Record<string, string> {
  return { 'kms:ViaService': `${service}.${region}.amazonaws.com` };
}
