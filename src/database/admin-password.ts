import { CfnResource, SecretValue } from 'aws-cdk-lib';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { AdminSecret } from './admin-secret';
import { EncryptionKey } from './encryption-key';
import { NewDatabaseProps } from './new-database';
import { fail } from '../private/errors';
import { retainedUnlessDestroyed } from '../private/generated-secret';

/** The master user's name and password for a new server, as aws-cdk-lib takes them. */
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
      "'managedAdminPassword' has Amazon RDS make the admin secret, and 'adminSecret' " +
        `(${adminSecret.node.path}) is another; leave one out`,
    );
  }
  // Without any, aws-cdk-lib would make a secret of its own. `settleAdminSecret` takes the placeholder out again.
  return rds.Credentials.fromPassword(AdminSecret.USERNAME, SecretValue.unsafePlainText('managed by Amazon RDS'));
}

/**
 * The secret of the master user: the attached one, which has host and port, or the one that RDS manages, for which
 * aws-cdk-lib has no prop of its own yet.
 */
export function settleAdminSecret(
  scope: Construct,
  server: rds.CfnDBInstance | rds.CfnDBCluster,
  attached: secretsmanager.ISecret | undefined,
  props: NewDatabaseProps,
): secretsmanager.ISecret {
  if (attached) {
    // Removing the attachment takes host and port out of the secret, without which a secret that stays is of no use.
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
