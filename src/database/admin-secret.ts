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
 * The secrets of users have this secret's ARN as a tag value, of at most 256 characters. The rest of the ARN takes up
 * to 72 of them with the longest Region and partition.
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
   * What happens to the secret when it is removed from the stack. Any policy except `DESTROY` retains it.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Principals that may write the secret, in addition to the functions that rotate it.
   * @default - only deployments and the account's root user
   */
  readonly guard?: SecretGuardOptions;
}

/**
 * The secret of a database's master user. The database adds its host and port, which completes AWS's JSON shape.
 *
 * Rotation and the creation of users log in with it. No application is granted access to it.
 */
export class AdminSecret extends secretsmanager.Secret {
  /**
   * Name of the master user. It is a constant, because any change of MasterUsername, including one to a dynamic
   * reference, replaces the database.
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
    // The secret is not bound to its server, because the server is created after it. The rotation function's
    // environment names the server.
    bind(this, { username: AdminSecret.USERNAME, strategy: RotationStrategy.SINGLE_USER });
    new SecretGuard(this, 'Guard', { ...props.guard, secret: this });
  }
}
