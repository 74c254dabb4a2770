import { RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/**
 * Frozen, and pinned by a test: any change to GenerateSecretString makes CloudFormation publish a new AWSCURRENT
 * without host and engine, which no database knows. So it contains nothing that an app may change; the user name is
 * added to the value when the user is created. Excluded characters are those that RDS forbids in a password (`/`, `"`,
 * `@`, space) and those that AWS's own rotation functions exclude.
 *
 * @param fields the initial fields of the value, which must never change
 */
export function generateSecretString(
  fields: { readonly username?: string } = {},
): secretsmanager.SecretStringGenerator {
  return {
    secretStringTemplate: JSON.stringify(fields),
    generateStringKey: 'password',
    passwordLength: 32,
    excludeCharacters: ':/@"\'\\',
    includeSpace: false,
    requireEachIncludedType: true,
  };
}

/**
 * An imported view of the key for the L2 secret. To a key that the app owns, the L2 secret adds a statement that lets
 * the whole account use it through Secrets Manager and create grants. To an imported key it adds nothing.
 */
export function withoutPolicyChanges(scope: Construct, id: string, key: kms.IKey): kms.IKey {
  return kms.Key.fromKeyArn(scope, id, key.keyArn);
}

/**
 * The removal policy of secrets and keys. They have no snapshots, so that `SNAPSHOT` retains them with the database's
 * snapshot.
 */
export function retainedUnlessDestroyed(policy: RemovalPolicy = RemovalPolicy.RETAIN): RemovalPolicy {
  return policy === RemovalPolicy.DESTROY ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}
