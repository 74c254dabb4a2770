import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

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
  return [
    new iam.PolicyStatement({ actions: use.actions, resources: [arnOf(secret)] }),
    ...secret.encryptionKey
      ? [new iam.PolicyStatement({ actions: use.keyActions, resources: [secret.encryptionKey.keyArn], conditions: onlyFor(secret) })]
      : [],
  ];
}

/** Grants this use of exactly this secret by identity policy alone; neither the secret's nor the key's own policy grows. */
export function grant(secret: secretsmanager.ISecret, use: SecretUse, grantee: iam.IGrantable): iam.Grant {
  const onSecret = iam.Grant.addToPrincipal({ grantee, actions: use.actions, resourceArns: [arnOf(secret)] });
  if (!secret.encryptionKey) return onSecret;
  return onSecret.combine(iam.Grant.addToPrincipal({
    grantee, actions: use.keyActions, resourceArns: [secret.encryptionKey.keyArn], conditions: onlyFor(secret),
  }));
}

/** The key serves this one secret only, and only where Secrets Manager asks for it. */
function onlyFor(secret: secretsmanager.ISecret): Record<string, Record<string, string>> {
  const viaService = { 'kms:ViaService': `secretsmanager.${secret.env.region}.amazonaws.com` };
  return secret.secretFullArn
    ? { StringEquals: { ...viaService, 'kms:EncryptionContext:SecretARN': secret.secretFullArn } }
    : { StringEquals: viaService, StringLike: { 'kms:EncryptionContext:SecretARN': arnOf(secret) } };
}

/** The six characters that Secrets Manager appends are unknown when a secret was imported by a partial ARN. */
function arnOf(secret: secretsmanager.ISecret): string {
  return secret.secretFullArn ?? `${secret.secretArn}-??????`;
}
