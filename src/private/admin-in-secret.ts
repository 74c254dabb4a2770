import { Stack } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { IConstruct } from 'constructs';
import { fail } from './errors';
import { BindingTag, SecretValue } from '../contract';

const ADMIN: keyof SecretValue = 'masterarn';

/**
 * Refuses an admin secret for a secret whose value in the template has no `masterarn`: the rotation function would
 * treat it as a single user. The value of a `DatabaseUser` is completed at deployment, and tokens are not checked.
 */
export function checkNamesAdmin(
  scope: IConstruct,
  secret: secretsmanager.ISecret,
  adminSecret: secretsmanager.ISecret | undefined,
): void {
  if (!adminSecret) return;
  // An attached secret is a child of the secret whose value it completes.
  const resource = [secret, secret.node.scope]
    .map(construct => construct?.node.defaultChild)
    .find(child => child instanceof secretsmanager.CfnSecret);
  if (!resource || BindingTag.STRATEGY in resource.tags.tagValues()) return;
  const value = initialValue(resource);
  if (value === undefined || ADMIN in value) return;
  fail(
    scope,
    `'adminSecret' is for alternating users, and the value of 'secret' (${secret.node.path}) has no ` +
      `"${ADMIN}", which names it;` +
      " let a DatabaseUser create the secret, leave 'adminSecret' out for a single user, or, where the " +
      'value has been completed since, pass the secret' +
      ' by its ARN (Secret.fromSecretCompleteArn): a change in its template would replace the value',
  );
}

/** The initial value, if it is a JSON object in the template. */
function initialValue(resource: secretsmanager.CfnSecret): object | undefined {
  const { generateSecretString, secretString } = resource;
  const resolved = Stack.of(resource).resolve({ generateSecretString, secretString });
  const text = resolved.generateSecretString?.secretStringTemplate ?? resolved.secretString;
  try {
    const value: unknown = typeof text === 'string' ? JSON.parse(text) : undefined;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
