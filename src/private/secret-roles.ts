import { Reference, Tokenization } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';

/** Roles of this library by the secrets that they use, whether these have a guard already, get one later, or never. */
class SecretRoles {
  private readonly roles = new WeakMap<IConstruct, Set<iam.IRole>>();

  public add(secret: secretsmanager.ISecret, role: iam.IRole): void {
    this.roles.set(unattached(secret), new Set(this.of(secret)).add(role));
  }

  public of(secret: secretsmanager.ISecret): iam.IRole[] {
    return [...(this.roles.get(unattached(secret)) ?? [])];
  }
}

/** Functions that write the secret. */
export const WRITERS = new SecretRoles();

/** What reads it from outside the VPC, and so past every endpoint there. */
export const READERS_FROM_OUTSIDE = new SecretRoles();

/** A secret that is attached to its database is the same secret. */
export function unattached(secret: secretsmanager.ISecret): IConstruct {
  const attachment = secret.node.defaultChild;
  if (!(attachment instanceof secretsmanager.CfnSecretTargetAttachment)) return secret;
  const { firstToken: attached } = Tokenization.reverseString(attachment.secretId);
  return Reference.isReference(attached) ? (attached.target.node.scope ?? secret) : secret;
}
