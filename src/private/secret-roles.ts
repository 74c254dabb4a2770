import { Reference, Tokenization } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/**
 * The roles of this library by the secrets that they use. It works whether a secret has a guard already, gets one
 * later, or never.
 */
class SecretRoles {
  private readonly roles = new WeakMap<IConstruct, Set<iam.IRole>>();

  public add(secret: secretsmanager.ISecret, role: iam.IRole): void {
    this.roles.set(unattached(secret), new Set(this.of(secret)).add(role));
  }

  public of(secret: secretsmanager.ISecret): iam.IRole[] {
    return [...(this.roles.get(unattached(secret)) ?? [])];
  }
}

/** Roles of functions that write the secret. */
export const WRITERS = new SecretRoles();

/** Roles that read the secret from outside the VPC, without its endpoint. */
export const READERS_FROM_OUTSIDE = new SecretRoles();

/** The secret itself, if the given one is its attachment to a database. */
export function unattached(secret: secretsmanager.ISecret): IConstruct {
  const attachment = secret.node.defaultChild;
  if (!(attachment instanceof secretsmanager.CfnSecretTargetAttachment)) return secret;
  const { firstToken: attached } = Tokenization.reverseString(attachment.secretId);
  return Reference.isReference(attached) ? (attached.target.node.scope ?? secret) : secret;
}
