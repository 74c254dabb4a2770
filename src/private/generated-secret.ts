import { RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/**
 * Frozen: any change to GenerateSecretString makes CloudFormation publish a new AWSCURRENT that no database knows,
 * without host and engine. A test pins it. So nothing stands in it that somebody may edit: the name of a user comes
 * into the value with the rest, when the user is created. Excluded are what RDS forbids in a password (`/`, `"`, `@`,
 * space) and what AWS's own rotation functions leave out.
 *
 * @param fields what the value has from the beginning, which must never change
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
 * The key as the L2 secret may see it. To a key that it owns, the L2 secret adds a statement that lets the whole
 * account use it through Secrets Manager, create grants included; to an imported one it adds nothing.
 */
export function withoutPolicyChanges(scope: Construct, id: string, key: kms.IKey): kms.IKey {
  return kms.Key.fromKeyArn(scope, id, key.keyArn);
}

/** Only a database has a snapshot to keep; its secrets and key are retained with it. */
export function retainedUnlessDestroyed(policy: RemovalPolicy = RemovalPolicy.RETAIN): RemovalPolicy {
  return policy === RemovalPolicy.DESTROY ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}
