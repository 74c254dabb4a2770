import { CfnResource, SecretValue } from 'aws-cdk-lib';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { AdminSecret } from './admin-secret';
import { EncryptionKey } from './encryption-key';
import { NewDatabaseProps } from './new-database';
import { fail } from '../private/errors';
import { retainedUnlessDestroyed } from '../private/generated-secret';

/** The master user's credentials for a new server, for aws-cdk-lib. */
export function masterCredentials(scope: Construct, props: NewDatabaseProps): rds.Credentials {
  const { adminSecret, encryptionKey, removalPolicy } = props;
  if (!props.managedAdminPassword) {
    return rds.Credentials.fromSecret(
      adminSecret ?? new AdminSecret(scope, 'AdminSecret', { encryptionKey, removalPolicy }),
      AdminSecret.USERNAME,
    );
  }
  if (adminSecret) {
    fail(
      scope,
      "'managedAdminPassword' makes Amazon RDS create the admin secret, and 'adminSecret' " +
        `(${adminSecret.node.path}) is another one; leave one out`,
    );
  }
  // Without credentials, aws-cdk-lib would create a secret. `settleAdminSecret` removes this placeholder.
  return rds.Credentials.fromPassword(AdminSecret.USERNAME, SecretValue.unsafePlainText('managed by Amazon RDS'));
}

/**
 * The secret of the master user: the attached secret, which has host and port, or the secret that RDS manages, for
 * which the lowest supported aws-cdk-lib has no prop.
 */
export function settleAdminSecret(
  scope: Construct,
  server: rds.CfnDBInstance | rds.CfnDBCluster,
  attached: secretsmanager.ISecret | undefined,
  props: NewDatabaseProps,
): secretsmanager.ISecret {
  if (attached) {
    // Deleting the attachment removes host and port from the secret, and a retained secret without them is of no use.
    (attached.node.defaultChild as CfnResource).applyRemovalPolicy(retainedUnlessDestroyed(props.removalPolicy));
    return attached;
  }
  if (props.encryptionKey instanceof EncryptionKey) props.encryptionKey._serveManagedSecrets();
  server.masterUserPassword = undefined;
  server.manageMasterUserPassword = true;
  server.masterUserSecret = { kmsKeyId: props.encryptionKey.keyArn };
  return secretsmanager.Secret.fromSecretAttributes(scope, 'ManagedAdminSecret', {
    secretCompleteArn: server.attrMasterUserSecretSecretArn,
    encryptionKey: props.encryptionKey,
  });
}
