import { RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { bind } from './secret-binding';
import { RotationStrategy } from '../access/rotation-strategy';
import { SecretGuard, SecretGuardOptions } from '../access/secret-guard';
import { SecretNaming, secretName } from '../access/secret-naming';
import { generateSecretString, retainedUnlessDestroyed, withoutPolicyChanges } from '../private/generated-secret';

/**
 * Users' secrets carry the ARN as a tag, of at most 256 characters; the longest region and partition take 72 of them.
 */
const LONGEST_NAME = 184;

/** Properties of an `AdminSecret`. */
export interface AdminSecretProps {
  /** Key that encrypts the secret. */
  readonly encryptionKey: kms.IKey;
  /**
   * Names the secret `Environment/Application/database_admin`.
   * @default - CloudFormation names the secret
   */
  readonly naming?: SecretNaming;
  /**
   * What happens to the secret when it leaves the stack; anything but `DESTROY` retains it.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Who may write the secret, beside the functions that rotate it.
   * @default - deployment and the account's root user
   */
  readonly guard?: SecretGuardOptions;
}

/**
 * The secret of the database's master user. The database completes it to AWS's JSON shape. It is for rotation and for
 * the creation of users; no application is granted it.
 */
export class AdminSecret extends secretsmanager.Secret {
  /**
   * The master user's name. A literal: a changed MasterUsername, a dynamic reference included, replaces the database.
   */
  public static readonly USERNAME = 'postgres';

  constructor(scope: Construct, id: string, props: AdminSecretProps) {
    super(scope, id, {
      description: 'Master user of a PostgreSQL database, rotated',
      encryptionKey: withoutPolicyChanges(scope, `${id}EncryptionKey`, props.encryptionKey),
      generateSecretString: generateSecretString({ username: AdminSecret.USERNAME }),
      removalPolicy: retainedUnlessDestroyed(props.removalPolicy),
      secretName: secretName(scope, props.naming, 'database_admin', LONGEST_NAME),
    });
    // Not to its server, which comes after it; that is in the environment of the rotation function.
    bind(this, { username: AdminSecret.USERNAME, strategy: RotationStrategy.SINGLE_USER });
    new SecretGuard(this, 'Guard', { ...props.guard, secret: this });
  }
}
