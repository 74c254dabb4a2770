import { Fn, Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, IConstruct } from 'constructs';

/** Actions on a secret, and the actions on its key that Secrets Manager performs on the caller's behalf. */
export interface SecretUse {
  readonly actions: string[];
  readonly keyActions: string[];
}

/** The actions of an application. */
export const READ: SecretUse = {
  actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
  keyActions: ['kms:Decrypt'],
};

/** The actions of this library's functions on the admin secret. */
export const LOG_IN: SecretUse = { actions: ['secretsmanager:GetSecretValue'], keyActions: ['kms:Decrypt'] };

/** Reading a secret and publishing a new value. */
export const PUBLISH: SecretUse = {
  actions: [...READ.actions, 'secretsmanager:PutSecretValue', 'secretsmanager:UpdateSecretVersionStage'],
  keyActions: ['kms:Decrypt', 'kms:GenerateDataKey'],
};

/** `PUBLISH`, and listing versions without a label, which earlier attempts left behind. */
export const ROTATE: SecretUse = {
  actions: [...PUBLISH.actions, 'secretsmanager:ListSecretVersionIds'],
  keyActions: PUBLISH.keyActions,
};

/** A revocation does not need to list versions. */
export const REVOKE: SecretUse = PUBLISH;

/** The identity policy statements that allow this use of exactly this secret. */
export function statements(secret: secretsmanager.ISecret, use: SecretUse): iam.PolicyStatement[] {
  const target = targetOf(secret);
  return [
    new iam.PolicyStatement({ actions: use.actions, resources: [target.arn] }),
    ...(target.keyArn
      ? [new iam.PolicyStatement({ actions: use.keyActions, resources: [target.keyArn], conditions: onlyFor(target) })]
      : []),
  ];
}

/** Grants the key actions that Secrets Manager performs on the grantee's behalf. */
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

/** A secret in the form that a policy names it. */
export interface SecretTarget {
  /** The ARN, with `?` for unknown characters. */
  readonly arn: string;
  readonly complete: boolean;
  /** The Region of the secret or of its replica. */
  readonly region: string;
  /** The ARN of its customer managed key, if it has one. */
  readonly keyArn?: string;
}

/** The secret, for policies in its own environment. */
export function targetOf(secret: secretsmanager.ISecret): SecretTarget {
  const { secretArn, secretFullArn, env, encryptionKey } = secret;
  // A secret that was imported by a partial ARN lacks the six characters that Secrets Manager appends.
  return {
    arn: secretFullArn ?? `${secretArn}-??????`,
    complete: secretFullArn !== undefined,
    region: env.region,
    keyArn: encryptionKey?.keyArn,
  };
}

/** The secret, for the grantee's policy, which may be in another environment: there, only physical names are known. */
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

/** The secret's replica in another Region. Its ARN differs in the Region only. */
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

/** The ARN of a replica, from an ARN of the secret. */
export function replicaArn(secret: secretsmanager.ISecret, arn: string, region: string): string {
  return arnIn(secret, region, Fn.select(6, Fn.split(':', arn)));
}

/** The ARN pattern that follows from the secret's name. */
export function namedArn(secret: secretsmanager.ISecret, region: string): string {
  return arnIn(secret, region, `${nameOf(secret) ?? secret.secretName}-??????`);
}

/** The name that the app gives the secret. Without one, aws-cdk-lib has a token that resolves to undefined. */
export function nameOf(secret: secretsmanager.ISecret): string | undefined {
  const resource = secret.node.defaultChild;
  if (!(resource instanceof secretsmanager.CfnSecret)) return undefined;
  return Stack.of(secret).resolve(resource.name) === undefined ? undefined : resource.name;
}

function arnIn(secret: secretsmanager.ISecret, region: string, resource: string): string {
  const { partition, account } = Stack.of(secret);
  return `arn:${partition}:secretsmanager:${region}:${account}:secret:${resource}`;
}

/**
 * An ARN pattern for any key: a key has no physical name. The condition on the secret's ARN limits it to the secret's
 * key.
 */
export function anyKey(secret: secretsmanager.ISecret, region: string): string {
  const { partition, account } = Stack.of(secret);
  return `arn:${partition}:kms:${region}:${account}:key/*`;
}

/** Whether the grantee's policies are in another account or Region. */
export function isElsewhere(resource: IConstruct, { grantPrincipal }: iam.IGrantable): boolean {
  return (
    Construct.isConstruct(grantPrincipal) && Stack.of(grantPrincipal).environment !== Stack.of(resource).environment
  );
}

/** Conditions on a key: only for this secret, and only through Secrets Manager. */
export function onlyFor({ arn, complete, region }: SecretTarget): Record<string, Record<string, string>> {
  const viaService = through('secretsmanager', region);
  return complete
    ? { StringEquals: { ...viaService, 'kms:EncryptionContext:SecretARN': arn } }
    : { StringEquals: viaService, StringLike: { 'kms:EncryptionContext:SecretARN': arn } };
}

/** The condition that a service uses the key on behalf of its caller. */
export function through(service: 'secretsmanager' | 'rds', region: string): Record<string, string> {
  return { 'kms:ViaService': `${service}.${region}.amazonaws.com` };
}
